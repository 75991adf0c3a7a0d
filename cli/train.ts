import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { parse } from 'yaml';
import { ConfigError, parseConfig } from '../src/index.js';
import { openTraining, type TrainingEvent } from '../src/node.js';
import { trainingConfigSchema, type StepMetrics, type TrainingConfig } from '../src/training.js';

export function addTrainCommand(program: Command): void {
  program
    .command('train')
    .description('train a network from a YAML config')
    .argument('<config>', 'YAML file; paths in it are relative to it')
    .option('--resume', 'continue from the newest checkpoint of the output folder', false)
    .option('--json', 'print one JSON object an event instead of text', false)
    .action(async (path: string, options: { resume: boolean; json: boolean }) => {
      await runTraining(await readTrainingConfig(path), options);
    });
}

/** @throws ConfigError naming every wrong key. */
export async function readTrainingConfig(path: string): Promise<TrainingConfig> {
  const text = await readFile(path, 'utf8').catch(() => {
    throw new ConfigError(`${path}: expected a YAML file, got none`);
  });
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    throw new ConfigError(`${path}: ${(error as Error).message.split('\n')[0]}`);
  }
  const config = parseConfig(trainingConfigSchema, value, path);
  const beside = (name: string): string => resolve(dirname(path), name);
  return {
    ...config,
    output_dir: beside(config.output_dir),
    data: { ...config.data, photos: config.data.photos.map(beside) },
    ...(config.initial_weights === undefined
      ? {}
      : { initial_weights: beside(config.initial_weights) }),
  };
}

async function runTraining(
  config: TrainingConfig,
  { resume, json }: { resume: boolean; json: boolean },
): Promise<void> {
  const stop = new AbortController();
  const onInterrupt = (): void => {
    if (stop.signal.aborted) process.exit(130);
    process.stderr.write('\nstopping after this step; again to stop at once\n');
    stop.abort();
  };
  process.on('SIGINT', onInterrupt);
  process.on('SIGTERM', onInterrupt);
  const run = await openTraining(config, { resume, signal: stop.signal });
  const print = json ? printJson : createPrinter(config.steps);
  for await (const event of run.events) print(event);
  process.off('SIGINT', onInterrupt);
  process.off('SIGTERM', onInterrupt);
}

function printJson(event: TrainingEvent): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

/** A line a second on a terminal, one every thousand steps' share in a log. */
function createPrinter(totalSteps: number): (event: TrainingEvent) => void {
  const interactive = process.stdout.isTTY;
  let last = 0;
  let pace = 0;
  return (event) => {
    if (event.kind === 'started') {
      process.stdout.write(`${event.parameters} parameters, from step ${event.step}\n`);
      return;
    }
    if (event.kind === 'checkpoint') {
      process.stdout.write(`${interactive ? '\r\x1b[2K' : ''}saved ${event.path}\n`);
      return;
    }
    pace = pace === 0 ? event.metrics.ms : 0.98 * pace + 0.02 * event.metrics.ms;
    const now = performance.now();
    if (now - last < (interactive ? 250 : 20_000)) return;
    last = now;
    const line = progressLine(event.metrics, totalSteps, pace);
    process.stdout.write(interactive ? `\r\x1b[2K${line}` : `${line}\n`);
  };
}

function progressLine(metrics: StepMetrics, totalSteps: number, pace: number): string {
  const { step, loss, learningRate, dataMs } = metrics;
  const remaining = formatDuration(((totalSteps - step) * pace) / 1000);
  const numbers = `loss ${loss.toFixed(5)}  lr ${learningRate.toExponential(1)}`;
  const speed = `${pace.toFixed(0)} ms/step (data ${dataMs.toFixed(0)})`;
  return `${step}/${totalSteps}  ${numbers}  ${speed}  ${remaining} left`;
}

function formatDuration(seconds: number): string {
  const [h, m, s] = [seconds / 3600, (seconds / 60) % 60, seconds % 60].map(Math.floor);
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${h}:${two(m)}:${two(s)}`;
}
