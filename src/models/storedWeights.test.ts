import { describe, expect, it } from 'vitest';
import { tinyFiles } from '../../test/checkpoints/tinyFiles.js';
import { float32, tensor, zeros, type Tensor } from '../tensor/index.js';
import { bytesSource, encodeSafetensors, openSafetensors, type Checkpoint } from '../weights/index.js';
import { componentClasses, networkParams, parseNetwork, type Network } from './network.js';
import { networkWeights } from './storedWeights.js';

const vae = parseNetwork(tinyFiles.vae, componentClasses.vae, 'vae');
const text = parseNetwork(tinyFiles.text_encoder, componentClasses.text_encoder, 'text_encoder');

function weightsOf(network: Network): Map<string, Tensor> {
  return new Map(networkParams(network).map(({ name, shape }) => [name, zeros('float32', shape)]));
}

function file(weights: ReadonlyMap<string, Tensor>): Promise<Checkpoint> {
  return openSafetensors(bytesSource(Buffer.concat([...encodeSafetensors(weights)]), 'file'));
}

describe('weights in a file', () => {
  it('are found under the names of old VAEs, also as 1x1 convolutions', async () => {
    const attention = 'encoder.mid_block.attentions.0';
    const values = Float32Array.from({ length: 64 }, (_, i) => i);
    const old = [...weightsOf(vae)].map(([name, weight]): [string, Tensor] => {
      const renamed = name
        .replace('.to_q.', '.query.')
        .replace('.to_k.', '.key.')
        .replace('.to_v.', '.value.')
        .replace('.to_out.0.', '.proj_attn.');
      if (renamed !== `${attention}.query.weight`) return [renamed, weight];
      return [renamed, tensor('float32', [8, 8, 1, 1], values)];
    });
    const stored = await file(new Map(old));
    const found = networkWeights(vae, stored, 'diffusers', 'vae.');
    expect([...found.entries.keys()]).toEqual(networkParams(vae).map(({ name }) => name));
    const query = await found.read(`${attention}.to_q.weight`);
    expect(query).toEqual(float32([8, 8], values));
    const [now, before] = [
      found.entries.get(`${attention}.to_q.weight`),
      stored.entries.get(`${attention}.query.weight`),
    ];
    expect(now?.offset).toBe(before?.offset);
  });

  it('may have the position ids of old text encoders with them', async () => {
    const ids = tensor('int64', [1, 77], new BigInt64Array(77));
    const weights = weightsOf(text).set('text_model.embeddings.position_ids', ids);
    const found = networkWeights(text, await file(weights), 'diffusers', 'text_encoder.');
    expect(found.entries.has('text_model.embeddings.position_ids')).toBe(false);
    expect(found.entries.size).toBe(weights.size - 1);
  });

  it('are told apart from what is missing, unexpected or misshapen, all at once', async () => {
    const weights = weightsOf(vae);
    weights.delete('quant_conv.bias');
    weights.set('encoder.conv_in.weight', zeros('float32', [4, 4, 3, 3]));
    weights.set('surplus', zeros('float32', [2]));
    const stored = await file(weights);
    const read = (): unknown => networkWeights(vae, stored, 'diffusers', 'vae.');
    expect(read).toThrow('vae.quant_conv.bias: expected [8], got nothing');
    expect(read).toThrow('vae.surplus: unexpected, [2]');
    expect(read).toThrow('vae.encoder.conv_in.weight: expected [4, 3, 3, 3], got [4, 4, 3, 3]');
  });

  it('are no convolutions of another size squeezed into matrices', async () => {
    const weights = weightsOf(vae);
    const name = 'encoder.mid_block.attentions.0.to_q.weight';
    weights.set(name, zeros('float32', [8, 2, 2, 2]));
    const stored = await file(weights);
    expect(() => networkWeights(vae, stored, 'diffusers', '')).toThrow(
      `${name}: expected [8, 8], got [8, 2, 2, 2]`,
    );
  });
});
