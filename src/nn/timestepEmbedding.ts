import type { GraphBuilder, Value } from '../graph/index.js';
import { float32 } from '../tensor/index.js';
import { linear } from './linear.js';

export interface SinusoidOptions {
  readonly channels: number;
  /** Cosines first, as every Stable Diffusion has it. */
  readonly flipSinToCos: boolean;
  /** Subtracted from the number of frequencies in the exponent; 0 in Stable Diffusion. */
  readonly freqShift: number;
}

/**
 * Sines and cosines of a timestep (Vaswani et al. 2017, 3.5, as diffusers' `Timesteps` lays them out):
 * `timestep` `[N]` float32, not scaled, any number from 0 to 999 and not only whole ones; gives
 * `[N, channels]`.
 */
export function timestepSinusoid(
  b: GraphBuilder,
  timestep: Value,
  { channels, flipSinToCos, freqShift }: SinusoidOptions,
): Value {
  const half = Math.floor(channels / 2);
  const frequencies = b.constant(float32([1, half], sinusoidFrequencies(half, freqShift)));
  const angles = b.mul(b.reshape(timestep, [timestep.shape[0], 1]), frequencies);
  const waves = (flipSinToCos ? (['cos', 'sin'] as const) : (['sin', 'cos'] as const)).map((wave) =>
    b.apply(wave, [angles], {}),
  );
  const both = b.concat(waves, 1);
  return channels % 2 === 0 ? both : b.pad(both, [0, 0], [0, 1]);
}

/**
 * exp(-ln(10000) i / (half - shift)), each step rounded to float32 as the reference computes it: at
 * t = 999 an angle is 999 times as wrong as its frequency.
 */
function sinusoidFrequencies(half: number, freqShift: number): Float32Array {
  return Float32Array.from({ length: half }, (_, i) => {
    const numerator = Math.fround(Math.fround(-Math.log(10000)) * i);
    return Math.exp(Math.fround(numerator / (half - freqShift)));
  });
}

/**
 * diffusers' `TimestepEmbedding`: `linear_1`, SiLU, `linear_2`; `[N, channels]` to `[N, outChannels]`.
 */
export function timestepEmbedding(
  b: GraphBuilder,
  name: string,
  sinusoid: Value,
  outChannels: number,
): Value {
  const hidden = b.silu(linear(b, `${name}.linear_1`, sinusoid, outChannels));
  return linear(b, `${name}.linear_2`, hidden, outChannels);
}
