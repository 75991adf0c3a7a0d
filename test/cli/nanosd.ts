// Runs the built command, as a shell would.
import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { restorer, restorerConfig, restorerConfigSchema } from '../../src/models/index.js';
import { Random } from '../../src/tensor/index.js';
import { initializeRestorer } from '../../src/training/objectives/initialize.js';
import { castWeights } from '../../src/weights/index.js';
import { writeSafetensorsFile } from '../../src/weights/safetensors-node.js';

const bin = fileURLToPath(new URL('../../bin/nanosd.js', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Command {
  readonly process: ReturnType<typeof spawn>;
  readonly ended: Promise<Ended>;
}

/** Starts `nanosd ARGS` in a folder. `nodeOptions` come before the script, `env` on top of this process's. */
export function startNanosd(
  cwd: string,
  args: readonly string[],
  nodeOptions: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): Command {
  const options = { cwd, env: { ...process.env, ...env } };
  const child = spawn(process.execPath, [...nodeOptions, bin, ...args], options);
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()));
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, ...output }));
  });
  return { process: child, ended };
}

export function nanosd(cwd: string, ...args: readonly string[]): Promise<Ended> {
  return startNanosd(cwd, args).ended;
}

/** Writes a model folder of a small restorer with random weights; enlarges 4 times. */
export async function writeTinyModel(folder: string, baseChannels = 8): Promise<void> {
  const config = {
    _class_name: 'OneStepRestorer',
    task: 'sr',
    scale: 4,
    base_channels: baseChannels,
    encoder_layers: 1,
    decoder_layers: 1,
    block_out_channels: [8],
    layers_per_block: [1],
  };
  const network = restorer(restorerConfig(restorerConfigSchema.parse(config)), {
    batch: 1,
    height: 4,
    width: 4,
  });
  const weights = castWeights(initializeRestorer(network, Random.seeded(1)), 'float16');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'config.json'), JSON.stringify(config));
  await writeSafetensorsFile(join(folder, 'diffusion_pytorch_model.safetensors'), weights);
}
