import { existsSync, realpathSync } from 'node:fs';
import { format, parse } from 'node:path';
import { Option, type Command } from 'commander';
import type { GenerationProgress, SchedulerName } from '../../src/index.js';
import type {
  FilePipeline,
  FileRequest,
  GeneratedFile,
  GenerateFilesOptions,
  OpenPipelineOptions,
} from '../../src/node.js';
import {
  parseBytes,
  parseCount,
  parseNumber,
  parseSeed,
  parseSize,
} from '../terminal/arguments.js';
import { UsageError } from '../terminal/failures.js';
import { interruptible } from '../terminal/interrupt.js';
import { createProgressLine, type ProgressLine } from '../terminal/progress.js';

interface GenerateFlags {
  readonly model?: string;
  readonly output?: string;
  readonly steps: number;
  readonly scheduler?: SchedulerName;
  readonly guidance: number;
  readonly seed?: number;
  readonly size?: { readonly width: number; readonly height: number };
  readonly negative: string;
  readonly image?: string;
  readonly strength?: number;
  readonly number: number;
  readonly preview: boolean;
  readonly device: string;
  readonly threads?: number;
  readonly precision: 'fp32' | 'fp16';
  readonly variant?: string;
  readonly maxMemory?: number;
  readonly overwrite: boolean;
  readonly json: boolean;
}

const schedulers = [
  ...(['pndm', 'ddim', 'ddpm', 'euler', 'euler-a', 'heun', 'dpm++', 'deis', 'unipc'] as const),
  'lcm',
] as const;
const LARGEST_SEED = 2 ** 32 - 1;

/** The checkpoint of this project, which its packages leave out. */
const OWN_CHECKPOINT = 'sd-mini';

export function defineGenerate(command: Command): void {
  command
    .argument('<prompt>', 'what is to be seen')
    .option(
      '-m, --model <checkpoint>',
      "a checkpoint's folder or name, or its single file (default: sd-mini, where it is there)",
    )
    .option('-o, --output <file>', 'where to write to (default: generated-SEED.png)')
    .option('--steps <n>', 'steps of denoising', parseCount, 20)
    .addOption(
      new Option('--scheduler <name>', "how to denoise (default: the checkpoint's own)").choices(
        schedulers,
      ),
    )
    .option(
      '--guidance <scale>',
      'how closely to follow the prompt; 1 is half the work',
      parseNumber,
      7.5,
    )
    .option('--seed <n>', 'the same seed makes the same picture (default: any)', parseSeed)
    .option(
      '--size <size>',
      "such as 512x512 (default: the checkpoint's, or the picture's)",
      parseSize,
    )
    .option('--negative <prompt>', 'what is not to be seen', '')
    .option('--image <file>', 'start from a picture')
    .option('--strength <part>', 'how far to go from it, above 0 to 1 (default: 0.6)', parseNumber)
    .option('-n, --number <n>', 'pictures, of seeds that follow each other', parseCount, 1)
    .option('--preview', 'show in OUTPUT.preview.png what the picture is going to be', false)
    .option('--device <name>', 'what to compute on: cpu, webgpu, cuda, ...', 'cpu')
    .option('--threads <n>', 'threads (default: one a core)', parseCount)
    .addOption(
      new Option('--precision <precision>', 'what to compute in')
        .choices(['fp32', 'fp16'])
        .default('fp32'),
    )
    .option('--variant <name>', 'which weights to take where there are several, such as fp16')
    .option('--max-memory <size>', 'such as 8GB (default: what is free)', parseBytes)
    .option(
      '--overwrite',
      'replace the picture to start from, or an existing default output',
      false,
    )
    .option('--json', 'print each outcome as a line of JSON', false)
    .action((prompt: string, flags: GenerateFlags) =>
      interruptible((signal) => generate(prompt, flags, signal)),
    );
}

async function generate(prompt: string, flags: GenerateFlags, signal: AbortSignal): Promise<void> {
  const request = requestOf(prompt, flags);
  const outputs = chooseOutputs(request.seeds, flags);
  const pipeline = await open(flags);
  const display = createDisplay(signal);
  if (flags.model === undefined) display.warn(`no -m: ${OWN_CHECKPOINT} makes the picture`);
  const options: GenerateFilesOptions = {
    signal,
    onProgress: display.update,
    onTruncated: (words, text) =>
      display.warn(`the model has no room for all of "${text}"; it leaves out "${words}"`),
    ...(flags.preview && { preview: previewPath(outputs[0]) }),
    ...(flags.maxMemory !== undefined && { maxMemory: flags.maxMemory }),
  };
  try {
    for await (const file of pipeline.generateFiles(request, outputs, options)) {
      display.clear();
      print(file, request, pipeline, flags.json);
    }
  } finally {
    display.clear();
    await pipeline[Symbol.asyncDispose]();
  }
}

/** Below a number; the platform's own generator is there already, and `node:crypto` slows down every start. */
function randomSeed(below: number): number {
  const [random] = crypto.getRandomValues(new Uint32Array(1));
  return Math.floor((random / 2 ** 32) * below);
}

async function open(flags: GenerateFlags): Promise<FilePipeline> {
  const { ModelError, openPipeline } = await import('../../src/node.js');
  try {
    return await openPipeline(flags.model ?? OWN_CHECKPOINT, deviceOptions(flags));
  } catch (error) {
    if (flags.model !== undefined || !(error instanceof ModelError)) throw error;
    const advice = 'a folder in the layout of diffusers, or a single .safetensors file';
    throw new UsageError(
      `expected -m with a checkpoint (${advice}): ${OWN_CHECKPOINT} is not in this installation`,
    );
  }
}

function requestOf(prompt: string, flags: GenerateFlags): FileRequest {
  const { image, strength, scheduler, size } = flags;
  if (strength !== undefined && image === undefined) {
    throw new UsageError('expected --image for a --strength, got none');
  }
  const first = flags.seed ?? randomSeed(LARGEST_SEED - flags.number);
  if (first + flags.number - 1 > LARGEST_SEED) {
    throw new UsageError(`expected seeds of at most ${LARGEST_SEED}, got ${first} and on`);
  }
  return {
    prompt,
    negativePrompt: flags.negative,
    seeds: Array.from({ length: flags.number }, (_, i) => first + i),
    steps: flags.steps,
    guidanceScale: flags.guidance,
    ...(scheduler && { scheduler }),
    ...(size && { size }),
    ...(image !== undefined && { source: { path: image, strength: strength ?? 0.6 } }),
  };
}

function deviceOptions({
  device,
  threads,
  precision,
  variant,
}: GenerateFlags): OpenPipelineOptions {
  return {
    device,
    precision,
    ...(threads !== undefined && { threads }),
    ...(variant !== undefined && { variant }),
  };
}

/** One picture goes to the file that was asked for, several beside it, with their seeds in their names. */
function chooseOutputs(
  seeds: readonly number[],
  { output, image, overwrite }: GenerateFlags,
): string[] {
  const { dir, name, ext } = parse(output ?? 'generated.png');
  const named = seeds.length > 1 || output === undefined;
  const outputs = seeds.map((seed) =>
    named ? format({ dir, name: `${name}-${seed}`, ext }) : (output ?? ''),
  );
  for (const path of overwrite ? [] : outputs.filter((candidate) => existsSync(candidate))) {
    if (output === undefined) {
      throw new UsageError(`${path}: exists; --overwrite replaces it, -o names another`);
    }
    if (image !== undefined && existsSync(image) && realpathSync(image) === realpathSync(path)) {
      throw new UsageError(`${path}: is the picture to start from; --overwrite replaces it`);
    }
  }
  return outputs;
}

function previewPath(output: string): string {
  const { dir, name } = parse(output);
  return format({ dir, name, ext: '.preview.png' });
}

/** What is shown while it works. */
interface Display {
  readonly update: (progress: GenerationProgress) => void;
  readonly warn: (message: string) => void;
  readonly clear: () => void;
}

function createDisplay(signal: AbortSignal): Display {
  let line: ProgressLine | undefined;
  const clear = (): void => line?.clear();
  signal.addEventListener('abort', () => {
    clear();
    if (!process.stderr.isTTY) return;
    process.stderr.write('stopping when the step under way is done; again to stop at once\n');
  });
  return {
    clear,
    warn(message) {
      clear();
      process.stderr.write(`nanosd: ${message}\n`);
    },
    update({ image, images, step, steps }) {
      if (signal.aborted) return;
      // What comes before the first step, such as loading, says nothing about how long the others take.
      if (image === 0 && step === 0) line = createProgressLine();
      const label = step === steps ? 'decoding' : images > 1 ? `picture ${image + 1}` : 'denoising';
      line?.update(image * steps + step, images * steps, label);
    },
  };
}

function print(
  { path, seed, width, height, ms }: GeneratedFile,
  request: FileRequest,
  pipeline: FilePipeline,
  json: boolean,
): void {
  if (!json) {
    const seconds = (ms / 1000).toFixed(1);
    process.stdout.write(`${path}: ${width}x${height}, seed ${seed}, in ${seconds} s\n`);
    return;
  }
  const { prompt, negativePrompt, steps, guidanceScale, source } = request;
  const outcome = {
    output: path,
    model: pipeline.name,
    device: pipeline.device,
    prompt,
    negativePrompt,
    seed,
    steps,
    scheduler: request.scheduler ?? pipeline.scheduler,
    guidanceScale,
    ...(source && { image: source.path, strength: source.strength }),
    width,
    height,
    ms: Math.round(ms),
  };
  process.stdout.write(`${JSON.stringify(outcome)}\n`);
}
