import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { addAlignCommand } from './align.js';
import { addAppCommand } from './app.js';
import { addConvertCommand } from './convert.js';
import { addDistillCommand, addDistillWorkerCommand } from './distill.js';
import { addCurvesCommand } from './curves.js';
import { addDoctorCommand } from './doctor.js';
import { addEvalCommand } from './eval.js';
import { addExportCommand } from './export.js';
import { reportFailure } from './failures.js';
import { addGenerateCommand } from './generate.js';
import { addInitCommand } from './init.js';
import { addInspectCommand } from './inspect.js';
import { addPipelineCommand } from './pipeline.js';
import { addProfileCommand } from './profile.js';
import { addRestoreCommand } from './restore.js';
import { addSurgeryCommand } from './surgery.js';
import { addServeCommand } from './serve.js';
import { addSearchCommand } from './search.js';
import { addTrainCommand } from './train.js';
import { addTrainVaeCommand } from './trainVae.js';

const packageJson = new URL('../../package.json', import.meta.url);
const { version } = JSON.parse(readFileSync(packageJson, 'utf8')) as { version: string };

// Whoever reads the output may stop reading: `nanosd eval ... | head`.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? 0 : reportFailure(error));
  });
}
process.on('uncaughtException', (error) => process.exit(reportFailure(error)));

const program = new Command('nanosd')
  .description('Restores photographs with small diffusion models.')
  .version(version)
  .exitOverride()
  .configureOutput({ outputError: () => undefined });
addRestoreCommand(program);
addEvalCommand(program);
addInspectCommand(program);
addTrainCommand(program);
addPipelineCommand(program);
addTrainVaeCommand(program);
addDistillCommand(program);
addDistillWorkerCommand(program);
addSearchCommand(program);
addAlignCommand(program);
addCurvesCommand(program);
addGenerateCommand(program);
addInitCommand(program);
addConvertCommand(program);
addExportCommand(program);
addSurgeryCommand(program);
addProfileCommand(program);
addAppCommand(program);
addServeCommand(program, version);
addDoctorCommand(program, version);

try {
  await program.parseAsync();
} catch (error) {
  process.exit(reportFailure(error));
}
