import type { Command } from 'commander';
import type { TrainingEvent } from '../src/node.js';
import { interruptible } from './interrupt.js';

/** Adds `train`, and `export-model`, which writes what a run has made as a model folder. */
export function addTrainCommand(program: Command): void {
  program
    .command('train')
    .description('train a network from a YAML config')
    .argument('<config>', 'YAML file; paths in it are relative to it')
    .option('--resume', 'continue from the newest checkpoint of the output folder', false)
    .option('--json', 'print one JSON object an event instead of text', false)
    .action(train);
  program
    .command('export-model')
    .description('write the averaged weights of a training run as a model folder with a model card')
    .argument('<config>', 'the YAML file that the run was trained with')
    .requiredOption('-o, --output <folder>', 'the model folder to write')
    .option(
      '--newest',
      'the weights of the newest checkpoint, not those that validated best',
      false,
    )
    .action(exportRun);
}

async function train(path: string, flags: { resume: boolean; json: boolean }): Promise<void> {
  const { readTrainingConfig } = await import('./trainingConfig.js');
  const { openTraining } = await import('../src/node.js');
  const { config } = await readTrainingConfig(path);
  const print = flags.json ? printJson : await printForPeople(config.steps);
  await stoppable(async (signal) => {
    const { events } = await openTraining(config, { resume: flags.resume, signal });
    for await (const event of events) print(event);
  });
}

async function exportRun(path: string, flags: { output: string; newest: boolean }): Promise<void> {
  const { readTrainingConfig } = await import('./trainingConfig.js');
  const { exportModel } = await import('../src/node.js');
  const { formatScore } = await import('../src/training.js');
  const { config, text } = await readTrainingConfig(path);
  const model = await exportModel(config, {
    folder: flags.output,
    weights: flags.newest ? 'newest' : 'best',
    command: `nanosd train ${path}`,
    configText: text,
  });
  const scores = Object.entries(model.scores).map(
    ([set, score]) => `, ${set} ${formatScore(score)}`,
  );
  process.stdout.write(
    `${flags.output}: ${model.parameters} parameters of step ${model.step}, ` +
      `${(model.bytes / 1e6).toFixed(2)} MB${scores.join('')}\n`,
  );
}

/**
 * Runs a task that ends early, but tidily, once somebody asks: by a signal (a second one ends the process), or by
 * no longer reading what it prints.
 */
async function stoppable(task: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const unheard = new AbortController();
  // In place of ending at once, which would lose the steps since the last checkpoint.
  for (const stream of [process.stdout, process.stderr]) {
    stream.removeAllListeners('error').on('error', () => unheard.abort());
  }
  process.on('SIGHUP', () => unheard.abort());
  await interruptible(async (interrupted) => {
    interrupted.addEventListener('abort', () => {
      process.stderr.write('\nstopping after this step; again to stop at once\n');
    });
    await task(AbortSignal.any([interrupted, unheard.signal]));
  });
}

function printJson(event: TrainingEvent): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

async function printForPeople(totalSteps: number): Promise<(event: TrainingEvent) => void> {
  const { createPrinter } = await import('./trainingConsole.js');
  const { isTTY, columns } = process.stdout;
  const output = {
    interactive: isTTY,
    columns: columns ?? 80,
    write: (text: string) => process.stdout.write(text),
    warn: (text: string) => process.stderr.write(text),
    now: () => performance.now(),
  };
  return createPrinter(output, totalSteps);
}
