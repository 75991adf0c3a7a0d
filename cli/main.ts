import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { addTrainCommand } from './train.js';

const packageJson = new URL('../../package.json', import.meta.url);
const { version } = JSON.parse(readFileSync(packageJson, 'utf8')) as { version: string };

const program = new Command('nanosd').version(version);
addTrainCommand(program);
await program.parseAsync();
