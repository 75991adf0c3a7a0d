import type { Command } from 'commander';
import { exportModel, openTraining, type TrainingEvent } from '../src/node.js';
import { interruptible } from './interrupt.js';
import { readTrainingConfig } from './trainingConfig.js';
import { createPrinter } from './trainingConsole.js';

/** Adds `train`, and `export-model`, which writes what a run has made as a model folder. */
export function addTrainCommand(program: Command): void {
  program
    .command('train')
    .description('train a network from a YAML config')
    .argument('<config>', 'YAML file; paths in it are relative to it')
    .option('--resume', 'continue from the newest checkpoint of the output folder', false)
    .option('--json', 'print one JSON object an event instead of text', false)
    .action(async (path: string, { resume, json }: { resume: boolean; json: boolean }) => {
      const { config } = await readTrainingConfig(path);
      const print = json ? printJson : printForPeople(config.steps);
      await stoppable(async (signal) => {
        const { events } = await openTraining(config, { resume, signal });
        for await (const event of events) print(event);
      });
    });
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
    .action(async (path: string, { output, newest }: { output: string; newest: boolean }) => {
      const { config, text } = await readTrainingConfig(path);
      const weights = newest ? 'newest' : 'best';
      const command = `nanosd train ${path}`;
      const model = await exportModel(config, {
        folder: output,
        weights,
        command,
        configText: text,
      });
      const scores = Object.entries(model.scores).map(
        ([set, { psnrY }]) => `, ${set} ${psnrY.toFixed(2)} dB`,
      );
      process.stdout.write(
        `${output}: ${model.parameters} parameters of step ${model.step}, ` +
          `${(model.bytes / 1e6).toFixed(2)} MB${scores.join('')}\n`,
      );
    });
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

function printForPeople(totalSteps: number): (event: TrainingEvent) => void {
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
