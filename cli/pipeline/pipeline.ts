import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { stoppable } from '../train/trainingRun.js';

interface Flags {
  readonly json: boolean;
  readonly until?: string;
}

const details = `
Stages: profile, distill, search, vae, align, compare, family. Each leaves its result in a folder below output_dir whose
name holds a digest of all that it depends on: what is done is not done again, whatever was killed or edited in between.
The same command goes on with a run that was stopped.

Examples:
  nanosd pipeline configs/sd-mini-pipeline.yaml
  nanosd pipeline run.yaml --until search`;

/** Defines `pipeline`: from a teacher to its family, unattended. */
export function definePipeline(command: Command): void {
  command
    .argument('<config>', 'YAML file; paths in it are relative to it')
    .option('--until <stage>', 'the last stage to run')
    .option('--json', 'print one JSON object an event instead of the table', false)
    .addHelpText('after', details)
    .action(pipeline);
}

async function pipeline(path: string, flags: Flags): Promise<void> {
  const { parse } = await import('yaml');
  const { ConfigError } = await import('../../src/index.js');
  const { openFamilyPipeline } = await import('../../src/node.js');
  const { parsePipelineConfig } = await import('../../src/training.js');
  const { createPipelineConsole } = await import('./pipelineConsole.js');
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new ConfigError(`${path}: expected a YAML file (${(error as Error).message})`);
  });
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    throw new ConfigError(`${path}: ${(error as Error).message.split('\n')[0]}`);
  }
  const config = parsePipelineConfig(value, path, (name) => resolve(dirname(path), name));
  const run = await openFamilyPipeline(config, flags.until);
  const print = flags.json
    ? (event: object) => void process.stdout.write(`${JSON.stringify(event)}\n`)
    : createPipelineConsole(process.stdout, run.stages);
  const notice = 'stopping; the same command goes on; again to stop at once';
  await stoppable(async (signal) => {
    const folders = await run.run(signal, print);
    const last = folders.get(run.stages[run.stages.length - 1]);
    if (!flags.json && last !== undefined) process.stdout.write(`${last}\n`);
  }, notice);
}
