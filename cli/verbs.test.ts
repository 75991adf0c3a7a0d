import { Command, Help } from 'commander';
import { describe, expect, it } from 'vitest';
import { createProgram } from './program.js';
import { verbName, verbs } from './verbs.js';

describe('the table of verbs', () => {
  it.each(verbs)('says what is taken by $usage', async (verb) => {
    const command = new Command(verbName(verb));
    (await verb.load())(command);
    expect(verb.usage).toBe(new Help().subcommandTerm(command));
  });

  it('names each verb once', () => {
    expect(new Set(verbs.map(verbName)).size).toBe(verbs.length);
  });
});

describe('the command line', () => {
  const loaded = async (...args: string[]) =>
    (await createProgram(args, '1.2.3')).commands
      .filter(({ options }) => options.length > 0)
      .map((command) => command.name());

  it.each([
    { args: ['restore', 'photo.jpg'], verb: 'restore' },
    { args: ['help', 'train'], verb: 'train' },
    { args: ['--unknown', 'eval', '--json'], verb: 'eval' },
  ])('loads only the verb of $args', async ({ args, verb }) => {
    expect(await loaded(...args)).toEqual([verb]);
  });

  it.each([[['--help']], [['help']], [['resore']], [[]]])('loads none for %s', async (args) => {
    expect(await loaded(...args)).toEqual([]);
  });

  it('lists all verbs with what they take and do', async () => {
    const help = (await createProgram(['--help'], '1.2.3')).helpInformation();
    const words = help.replace(/\s+/g, ' ');
    for (const { usage, summary } of verbs) expect(words).toContain(`${usage} ${summary}`);
    expect(words).toContain('help [command] display help for command');
  });
});
