import { Option, type Command } from 'commander';
import { eventPrinter, requireUninterrupted, stoppable } from './trainingRun.js';
import { precisionOf, type PrecisionFlag } from '../terminal/writing.js';

export function defineTrain(command: Command): void {
  command
    .argument('<config>', 'YAML file; paths in it are relative to it')
    .option('--resume', 'continue from the newest checkpoint of the output folder', false)
    .option('--json', 'print one JSON object an event instead of text', false)
    .action(train);
}

/** Defines `export-model`, which writes what a run has made as a model folder. */
export function defineExportModel(command: Command): void {
  command
    .argument('<config>', 'the YAML file that the run was trained with')
    .requiredOption('-o, --output <folder>', 'the model folder to write')
    .option(
      '--newest',
      'the weights of the newest checkpoint, not those that validated best',
      false,
    )
    .addOption(
      new Option('--precision <precision>', 'how weights are stored')
        .choices(['fp32', 'fp16'])
        .default('fp16'),
    )
    .action(exportRun);
}

async function train(path: string, flags: { resume: boolean; json: boolean }): Promise<void> {
  const { readTrainingConfig } = await import('./trainingConfig.js');
  const { openTraining } = await import('../../src/node.js');
  const { config } = await readTrainingConfig(path);
  const print = await eventPrinter(flags.json, config.steps);
  await stoppable(async (signal) => {
    const { events } = await openTraining(config, { resume: flags.resume, signal });
    let isWhole = false;
    for await (const event of events) {
      print(event);
      isWhole = event.kind === 'finished' && event.step >= event.steps;
    }
    if (!isWhole) requireUninterrupted(signal);
  });
}

interface ExportFlags {
  readonly output: string;
  readonly newest: boolean;
  readonly precision: PrecisionFlag;
}

async function exportRun(path: string, flags: ExportFlags): Promise<void> {
  const { readTrainingConfig } = await import('./trainingConfig.js');
  const { exportModel } = await import('../../src/node.js');
  const { formatScore } = await import('../../src/training.js');
  const { config, text } = await readTrainingConfig(path);
  const model = await exportModel(config, {
    folder: flags.output,
    weights: flags.newest ? 'newest' : 'best',
    precision: precisionOf(flags.precision),
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
