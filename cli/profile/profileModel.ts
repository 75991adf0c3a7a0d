// What `nanosd profile` does, apart from its command line: all of the library that it needs is loaded here.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  drawNetworks,
  missingOptions,
  otherParts,
  parseLatencyCsv,
  parsePipeline,
  parseStageNames,
  pixelsPerLatent,
  presetNames,
  presets,
  profileUnet,
  Random,
  stagedUnetOf,
  type Executor,
  type LatencyTable,
  type PipelineConfigs,
  type Profile,
  type ProfileRequest,
  type Unet2DConditionSize,
} from '../../src/index.js';
import {
  availableMemory,
  createNodeExecutor,
  describeDevice,
  readCheckpointConfigs,
  readLatencyTable,
  writeLatencyTable,
} from '../../src/node.js';
import { UsageError } from '../terminal/failures.js';
import { describeProfile, describeTable } from './profileReport.js';
import { createProgressLine } from '../terminal/progress.js';

interface Sides {
  readonly width: number;
  readonly height: number;
}

export interface ProfileFlags {
  readonly output: string;
  readonly device: string;
  readonly precision: string;
  readonly size?: Sides;
  readonly latent?: Sides;
  readonly batch: number;
  readonly contextTokens?: number;
  readonly threads?: number;
  readonly runs: number;
  readonly maxSeconds?: number;
  readonly maxMemory?: number;
  readonly stages: string;
  readonly networks: boolean;
  readonly check?: number;
  readonly seed: number;
  readonly import?: string;
  readonly json: boolean;
}

/** Measures, writes the table and says what was found. */
export async function profileModel(
  model: string,
  flags: ProfileFlags,
  signal: AbortSignal,
): Promise<string> {
  requirePlace(flags.output);
  const request = await requestOf(model, flags);
  const executor = await openExecutor(flags);
  const { device: name, threads, runs, seed, maxSeconds, maxMemory } = flags;
  const device = describeDevice({
    name,
    date: new Date(),
    ...(threads !== undefined && { threads }),
  });
  const line = createProgressLine();
  let profile: Profile;
  try {
    profile = await profileUnet(executor, device, request, {
      ...{ runs, warmup: 2, random: Random.seeded(seed), signal },
      maxBytes: maxMemory ?? availableMemory() / 2,
      onProgress: (done, total) => line.update(done, total, 'measuring'),
      ...(maxSeconds !== undefined && { maxSeconds }),
    });
  } finally {
    line.clear();
  }
  await writeLatencyTable(flags.output, profile.table);
  return describeProfile(profile, flags.output, flags.json);
}

/** Writes a table that was measured elsewhere, once it has been found whole. */
export async function importTable(flags: ProfileFlags): Promise<string> {
  const { import: path = '', output, json } = flags;
  requirePlace(output);
  const table = /\.csv$/i.test(path) ? await readCsv(path, flags) : await readLatencyTable(path);
  const missing = missingOptions(table);
  if (missing.length > 0) {
    throw new UsageError(
      `${path}: expected every option of every stage, got none of ${missing.join(', ')}`,
    );
  }
  await writeLatencyTable(output, table);
  return json ? `${JSON.stringify({ table }, null, 2)}\n` : describeTable(table, output);
}

async function readCsv(path: string, { device, precision }: ProfileFlags): Promise<LatencyTable> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new UsageError(`${path}: cannot be read (${String(error)})`);
  });
  return parseLatencyCsv(text, { name: device, precision }, path);
}

/** Before minutes of measuring, not after. */
function requirePlace(output: string): void {
  if (!existsSync(dirname(output))) {
    throw new UsageError(`${output}: expected a folder that exists, got none of that name`);
  }
}

async function requestOf(model: string, flags: ProfileFlags): Promise<ProfileRequest> {
  const { precision, check = 0, seed } = flags;
  if (precision !== 'fp32' && precision !== 'fp16') {
    throw new UsageError(`--precision: expected fp32 or fp16 to measure in, got ${precision}`);
  }
  if (check === 1) throw new UsageError('--check: expected at least 2 networks, got 1');
  if (check > 0 && flags.stages !== 'all') {
    throw new UsageError('--check: expected all stages, which whole networks need');
  }
  const configs = await readConfigs(model);
  const size = sizeOf(configs, flags);
  return {
    ...{ name: model, teacher: stagedUnetOf(configs.unet.network), size, precision },
    stages: parseStageNames(flags.stages),
    others: flags.networks ? otherParts(configs, size) : [],
    networks: drawNetworks(check, Random.seeded(seed, 1)),
  };
}

/** A checkpoint that is there goes before a preset of its name. */
async function readConfigs(model: string): Promise<PipelineConfigs> {
  const preset = presetNames.find((name) => name === model);
  if (preset === undefined || existsSync(model)) return readCheckpointConfigs(model);
  return parsePipeline(presets[preset], (component) => `${preset}: ${component}`);
}

function sizeOf(configs: PipelineConfigs, flags: ProfileFlags): Unet2DConditionSize {
  const { size, latent, batch, contextTokens } = flags;
  const factor = pixelsPerLatent(configs.vae.network);
  if (size && (size.width % factor !== 0 || size.height % factor !== 0)) {
    throw new UsageError(
      `--size: expected multiples of ${factor}, got ${size.width}x${size.height}`,
    );
  }
  const { sample_size: own } = configs.unet.file;
  const side = typeof own === 'number' ? own : 64;
  const sides = size && { width: size.width / factor, height: size.height / factor };
  const tokens = configs.textEncoder?.network.config.maxPositionEmbeddings ?? 77;
  return {
    batch,
    ...(latent ?? sides ?? { width: side, height: side }),
    contextTokens: contextTokens ?? tokens,
  };
}

/** WebAssembly is what browsers compute with; it runs in Node too. */
async function openExecutor({ device, threads }: ProfileFlags): Promise<Executor> {
  const options = { device, ...(threads !== undefined && { threads }) };
  if (device !== 'wasm') return createNodeExecutor(options);
  const { createWebExecutor } = await import('../../src/web.js');
  return createWebExecutor(options);
}
