import { Option, type Command } from 'commander';
import { installedModels, tasksOf } from '../../src/tasks-node.js';
import { parseCount, parseFidelity } from './arguments.js';

/** Adds the options that choose a model and what it runs on. */
export function addModelOptions(command: Command, models: string): Command {
  const tasks = tasksOf(installedModels()).map(({ name }) => name);
  return command
    .option('-t, --task [task]', `what to do: ${tasks.join(', ')}; alone, says what each does`)
    .option('-m, --model <model>', models)
    .addOption(
      new Option('--effort <effort>', 'the fast or the best model, where a task has two').choices([
        'fast',
        'best',
      ]),
    )
    .option(
      '--fidelity <0..1>',
      '1: only what is certain, 0: sharpest (for models with two sets of weights)',
      parseFidelity,
    )
    .option('--device <name>', 'what to compute on: cpu, webgpu, cuda, ..., auto', 'cpu')
    .option('--threads <n>', 'threads (default: one a core)', parseCount);
}

/** What `-t` alone prints: a line for each task that a model is installed for. */
export function describeTasks(): string {
  const models = installedModels();
  const lines = tasksOf(models).map(({ name, sentence }) => {
    const names = models.filter(({ task }) => task === name).map((model) => model.name);
    return `${name.padEnd(8)}${sentence} (${names.join(', ')})\n`;
  });
  return lines.length > 0 ? lines.join('') : 'no models are installed\n';
}
