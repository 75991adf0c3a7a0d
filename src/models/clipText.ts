import { GraphBuilder, type Graph, type Value } from '../graph/index.js';
import { activation, layerNorm, linear } from '../nn/index.js';
import { float32 } from '../tensor/index.js';
import type { ClipTextConfig } from './clipTextConfig.js';

/** Tables that published files store and no network needs: weight matching lets them be there or not. */
export const clipTextIgnoredKeys: readonly string[] = ['text_model.embeddings.position_ids'];

export interface ClipTextSize {
  readonly batch: number;
  /** Tokens of a prompt, its two special ones and padding included; `maxPositionEmbeddings` unless given. */
  readonly tokens?: number;
  /** How many layers from the end to stop, counted from 1: 1 runs all of them, 2 leaves the last one out. */
  readonly clipSkip?: number;
}

/**
 * The text encoder of SD 1.x (transformers' `CLIPTextModel`): input `input_ids` int64 `[N, tokens]`, outputs
 * `last_hidden_state` `[N, tokens, hiddenSize]`, after the final norm, and `pooler_output` `[N, hiddenSize]`,
 * its row at the first of the largest ids. Tokens see those before them and themselves; padding is no
 * exception, as in SD 1.x.
 */
export function clipText(config: ClipTextConfig, size: ClipTextSize): Graph {
  const { batch, tokens = config.maxPositionEmbeddings, clipSkip = 1 } = size;
  const b = new GraphBuilder();
  const ids = b.input('input_ids', [batch, tokens], 'int64');
  return b.build({ ...buildClipText(b, config, ids, clipSkip) });
}

/** Adds the text encoder to a graph; see `clipText`. */
export function buildClipText(
  b: GraphBuilder,
  config: ClipTextConfig,
  ids: Value,
  clipSkip = 1,
): { readonly last_hidden_state: Value; readonly pooler_output: Value } {
  const { last } = clipTextStates(b, config, ids, clipSkip);
  return { last_hidden_state: last, pooler_output: poolAtLargestId(b, ids, last) };
}

export interface ClipTextStates {
  /** The embeddings, and what each layer makes of them, before the final norm. */
  readonly hiddenStates: readonly Value[];
  /** The last of them, normed. */
  readonly last: Value;
}

/** The hidden states `[N, tokens, hiddenSize]` of token ids `[N, tokens]`. */
export function clipTextStates(
  b: GraphBuilder,
  config: ClipTextConfig,
  ids: Value,
  clipSkip = 1,
): ClipTextStates {
  const tokens = ids.shape[1];
  const layers = config.numHiddenLayers + 1 - clipSkip;
  if (tokens > config.maxPositionEmbeddings) {
    throw new RangeError(`expected at most ${config.maxPositionEmbeddings} tokens, got ${tokens}`);
  }
  if (clipSkip < 1 || layers < 0) {
    throw new RangeError(`expected clipSkip in [1, ${config.numHiddenLayers + 1}], got ${clipSkip}`);
  }
  const mask = causalMask(b, tokens);
  const hiddenStates = [embeddings(b, config, ids)];
  for (let i = 0; i < layers; i++) {
    hiddenStates.push(encoderLayer(b, config, `text_model.encoder.layers.${i}`, hiddenStates[i], mask));
  }
  const last = layerNorm(b, 'text_model.final_layer_norm', hiddenStates[layers], config.layerNormEps);
  return { hiddenStates, last };
}

function embeddings(b: GraphBuilder, config: ClipTextConfig, ids: Value): Value {
  const { vocabSize, maxPositionEmbeddings, hiddenSize } = config;
  const name = 'text_model.embeddings';
  const tokenTable = b.param(`${name}.token_embedding.weight`, [vocabSize, hiddenSize]);
  const positionTable = b.param(`${name}.position_embedding.weight`, [
    maxPositionEmbeddings,
    hiddenSize,
  ]);
  const positions = b.sliceAxis(positionTable, 0, 0, ids.shape[1]);
  return b.add(b.apply('gather', [tokenTable, ids], { axis: 0 }), positions);
}

function encoderLayer(
  b: GraphBuilder,
  config: ClipTextConfig,
  name: string,
  x: Value,
  mask: Value,
): Value {
  const { layerNormEps, hiddenAct, intermediateSize, hiddenSize } = config;
  const normed = layerNorm(b, `${name}.layer_norm1`, x, layerNormEps);
  const attended = b.add(x, selfAttention(b, config, `${name}.self_attn`, normed, mask));
  const second = layerNorm(b, `${name}.layer_norm2`, attended, layerNormEps);
  const inner = linear(b, `${name}.mlp.fc1`, second, intermediateSize);
  const active = hiddenAct === 'gelu' ? activation(b, 'gelu', inner) : quickGelu(b, inner);
  return b.add(attended, linear(b, `${name}.mlp.fc2`, active, hiddenSize));
}

/** Unlike the U-Net's attention, every projection has a bias, and the output one is `out_proj`. */
function selfAttention(
  b: GraphBuilder,
  { hiddenSize, numAttentionHeads: heads }: ClipTextConfig,
  name: string,
  x: Value,
  mask: Value,
): Value {
  const [n, tokens] = x.shape;
  const size = hiddenSize / heads;
  const project = (part: string, perm: readonly number[]): Value => {
    const projected = linear(b, `${name}.${part}`, x, hiddenSize);
    return b.transpose(b.reshape(projected, [n, tokens, heads, size]), perm);
  };
  const keyTransposed = project('k_proj', [0, 2, 3, 1]);
  const value = project('v_proj', [0, 2, 1, 3]);
  const query = b.scale(project('q_proj', [0, 2, 1, 3]), 1 / Math.sqrt(size));
  const scores = b.add(b.matmul(query, keyTransposed), mask);
  const probabilities = b.apply('softmax', [scores], { axis: 3 });
  const mixed = b.transpose(b.matmul(probabilities, value), [0, 2, 1, 3]);
  return linear(b, `${name}.out_proj`, b.reshape(mixed, [n, tokens, hiddenSize]), hiddenSize);
}

/** Added to a score it leaves nothing of its probability, in half precision too, which minus infinity need not on a GPU. */
const MASKED = -1e4;

function causalMask(b: GraphBuilder, tokens: number): Value {
  const cells = Array.from({ length: tokens * tokens }, (_, i) =>
    i % tokens > Math.floor(i / tokens) ? MASKED : 0,
  );
  return b.constant(float32([1, 1, tokens, tokens], cells));
}

/** CLIP's approximation of GELU: x * sigmoid(1.702 x). */
function quickGelu(b: GraphBuilder, x: Value): Value {
  return b.mul(x, b.sigmoid(b.scale(x, 1.702)));
}

/**
 * The row of the first largest id, which is the end of the text. The `eos_token_id` of published configs is a
 * legacy value, 2, that no prompt contains, so it says nothing.
 */
function poolAtLargestId(b: GraphBuilder, ids: Value, hidden: Value): Value {
  const [n, tokens] = ids.shape;
  const position = b.constant(float32([1, tokens], Array.from({ length: tokens }, (_, i) => i)));
  // Whole numbers below 2^24, which float32 holds exactly.
  const rank = b.sub(b.scale(b.apply('cast', [ids], { to: 'float32' }), tokens), position);
  const isFirst = b.apply('equal', [rank, b.apply('reduceMax', [rank], { axes: [1] })], {});
  const selector = b.reshape(b.apply('cast', [isFirst], { to: 'float32' }), [n, 1, tokens]);
  return b.reshape(b.matmul(selector, hidden), [n, hidden.shape[2]]);
}
