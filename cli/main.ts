import { readFileSync } from 'node:fs';
import { Command } from 'commander';

const packageJson = new URL('../../package.json', import.meta.url);
const { version } = JSON.parse(readFileSync(packageJson, 'utf8')) as { version: string };

const program = new Command('nanosd').version(version);
await program.parseAsync();
