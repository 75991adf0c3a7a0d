import { float32, toFloat32, type Tensor, type Weights } from '../../src/tensor/index.js';
import { requireTensor } from './check.js';

/** A U-Net's inputs from the tensors that a case names; its timesteps are integers, and one may stand for all samples. */
export function unetFeeds(
  io: Weights,
  [sampleName, timestepName, contextName]: readonly [string, string, string],
): Record<'sample' | 'timestep' | 'encoder_hidden_states', Tensor> {
  const sample = requireTensor(io, sampleName);
  const timesteps = toFloat32(requireTensor(io, timestepName));
  const [batch] = sample.shape;
  const each = timesteps.length === 1 ? new Float32Array(batch).fill(timesteps[0]) : timesteps;
  return {
    sample,
    timestep: float32([batch], each),
    encoder_hidden_states: requireTensor(io, contextName),
  };
}
