import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import type { TrainingEvent } from '../../src/node.js';
import { writePictures } from './pictures.js';

const program = fileURLToPath(new URL('../../bin/nanosd.js', import.meta.url));

export interface Finished {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly process: ChildProcess;
  readonly finished: Promise<Finished>;
  /** Resolves once its stderr holds the text. */
  said(text: string): Promise<void>;
  /** Resolves with the first event of `train --json` that fits. */
  event(fits: (event: TrainingEvent) => boolean): Promise<TrainingEvent>;
}

/** Starts the command as a user would. */
export function start(...args: readonly string[]): Running {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  const waiting = new Set<() => void>();
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    for (const look of waiting) look();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    for (const look of waiting) look();
  });
  const finished = new Promise<Finished>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  /** Looks whenever something was printed, until there is something to be found. */
  const until = <T>(find: () => T | undefined): Promise<T> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = find();
        if (found === undefined) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
      void finished.then(() => reject(new Error(`never printed\n${stdout}\n${stderr}`)));
    });
  return {
    process: child,
    finished,
    said: (text) => until(() => stderr.includes(text) || undefined).then(() => undefined),
    event: (fits) => until(() => eventsOf(stdout).find(fits)),
  };
}

export const run = (...args: readonly string[]): Promise<Finished> => start(...args).finished;

/** The whole lines of `train --json`. */
export function eventsOf(stdout: string): TrainingEvent[] {
  const lines = stdout.split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as TrainingEvent);
}

/** Writes photographs and a config for a tiny network beside them; returns the config's path. */
export async function writeProject(
  folder: string,
  changes: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  await mkdir(folder, { recursive: true });
  await writePictures(join(folder, 'photos'), 3, 72);
  const config = {
    model: {
      _class_name: 'OneStepRestorer',
      scale: 2,
      base_channels: 24,
      encoder_layers: 1,
      decoder_layers: 1,
      block_out_channels: [24],
      layers_per_block: [1],
    },
    output_dir: 'run',
    data: {
      photos: ['photos'],
      sample_size: 24,
      degradation: { kind: 'bicubic', scale: 2 },
    },
    batch_size: 4,
    // Threads that each compute two shares ask for data out of order.
    gradient_accumulation_steps: 2,
    steps: 20,
    learning_rate: 1e-3,
    lr_warmup_steps: 3,
    max_grad_norm: 0.05,
    // As often as possible.
    checkpointing_minutes: 1e-6,
    ...changes,
  };
  const path = join(folder, 'config.yaml');
  await writeFile(path, stringify(config));
  return path;
}

/** The steps that `metrics.jsonl` tells of, in its order. */
export async function loggedSteps(outputDir: string): Promise<number[]> {
  const text = await readFile(join(outputDir, 'metrics.jsonl'), 'utf8');
  const lines = text.trimEnd().split('\n');
  return lines.flatMap((line) => {
    const entry = JSON.parse(line) as { step: number; loss?: number };
    return entry.loss === undefined ? [] : [entry.step];
  });
}
