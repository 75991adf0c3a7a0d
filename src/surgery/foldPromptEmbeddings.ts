import type { FoldedUnetConfig, StagedUnetConfig } from '../models/index.js';
import {
  castTensor,
  float32,
  formatShape,
  toFloat32,
  type Shape,
  type Tensor,
} from '../tensor/index.js';
import type { TensorSource, TensorType } from '../weights/index.js';

/**
 * A U-Net with a prompt built in: what its cross-attention layers make of `encoderHiddenStates`
 * `[1, tokens, crossAttentionDim]` becomes their weights, so that neither the text encoder nor `to_k` and
 * `to_v` run again. `foldedUnet` is its graph. Keys and values have the dtype of the weights they
 * come from, and are computed when they are read.
 * @throws Error for embeddings of another shape.
 */
export function foldPromptEmbeddings(
  { config, weights }: { readonly config: StagedUnetConfig; readonly weights: TensorSource },
  encoderHiddenStates: Tensor,
): { readonly config: FoldedUnetConfig; readonly weights: TensorSource } {
  const { shape } = encoderHiddenStates;
  const [batch, promptTokens, width] = shape;
  if (shape.length !== 3 || batch !== 1 || width !== config.crossAttentionDim) {
    const expected = `[1, tokens, ${config.crossAttentionDim}]`;
    throw new Error(`encoder_hidden_states: expected ${expected}, got ${formatShape(shape)}`);
  }
  const entries = new Map<string, TensorType>();
  const projections = new Map<string, string>();
  for (const [name, type] of weights.entries) {
    const folded = foldedName(name);
    if (folded === null) {
      entries.set(name, type);
      continue;
    }
    const projected: Shape = [1, promptTokens, type.shape[0]];
    entries.set(folded, { dtype: type.dtype, shape: projected });
    projections.set(folded, name);
  }
  const read = async (name: string): Promise<Tensor> => {
    const origin = projections.get(name);
    if (origin === undefined) return weights.read(name);
    return project(encoderHiddenStates, await weights.read(origin));
  };
  return { config: { unet: config, promptTokens }, weights: { entries, read } };
}

/** `X.attn2.key` for `X.attn2.to_k.weight`, `X.attn2.value` for `X.attn2.to_v.weight`. */
function foldedName(name: string): string | null {
  const [, layer, part] = /^(.*\.attn2)\.to_([kv])\.weight$/.exec(name) ?? [];
  return layer === undefined ? null : `${layer}.${part === 'k' ? 'key' : 'value'}`;
}

/** `context` `[1, tokens, D]` times the transposed `weight` `[C, D]`. */
function project(context: Tensor, weight: Tensor): Tensor {
  const [, tokens, width] = context.shape;
  const [channels] = weight.shape;
  const [x, w] = [toFloat32(context), toFloat32(weight)];
  const projected = new Float32Array(tokens * channels);
  for (let token = 0; token < tokens; token++) {
    for (let channel = 0; channel < channels; channel++) {
      let sum = 0;
      for (let i = 0; i < width; i++) sum += x[token * width + i] * w[channel * width + i];
      projected[token * channels + channel] = sum;
    }
  }
  return castTensor(float32([1, tokens, channels], projected), weight.dtype);
}
