import { z } from 'zod';
import type { ConfigFile } from './network.js';
import { parseConfig } from './parseConfig.js';

const schema = z.strictObject({
  /** In the model's folder, such as `diffusion_pytorch_model.faithful.safetensors`. */
  weights: z
    .string()
    .regex(/^[\w.-]+\.safetensors$/, { error: 'expected the name of a .safetensors file' }),
  default: z.number().min(0).max(1).default(0.5),
});

/** What `fidelity` of a `config.json` says: there is a second set of weights, and how much of it is taken by default. */
export type FidelityFile = z.output<typeof schema>;

/**
 * Parts what a restorer's `config.json` says of its weight sets from what it says of the network.
 * @throws ConfigError naming what does not fit, with `source` before it.
 */
export function partFidelity(
  file: unknown,
  source: string,
): { readonly network: unknown; readonly fidelity: FidelityFile | undefined } {
  if (typeof file !== 'object' || file === null || !('fidelity' in file)) {
    return { network: file, fidelity: undefined };
  }
  const { fidelity, ...network } = file as ConfigFile;
  return { network, fidelity: parseConfig(schema, fidelity, `${source}: fidelity`) };
}
