import { Command, Help } from 'commander';
import { verbName, verbs } from './verbs.js';

/** The command line. All verbs are listed; the one that the arguments ask for, if any, is complete. */
export async function createProgram(args: readonly string[], version: string): Promise<Command> {
  const program = new Command('nanosd')
    .description('Restores photographs with small diffusion models.')
    .version(version)
    .configureHelp({ subcommandTerm })
    .exitOverride()
    .configureOutput({ outputError: () => undefined });
  const asked = askedVerb(args);
  for (const verb of verbs) {
    const command = program.command(verbName(verb)).description(verb.summary);
    if (verbName(verb) === asked) (await verb.load())(command);
  }
  return program;
}

/** `restore` in `restore photo.jpg` and in `help restore`. */
function askedVerb(args: readonly string[]): string | undefined {
  const [first, second] = args.filter((arg) => !arg.startsWith('-'));
  return first === 'help' ? second : first;
}

const usages = new Map(verbs.map((verb) => [verbName(verb), verb.usage]));

/** What a verb takes is known from its arguments only once it is loaded. */
function subcommandTerm(command: Command): string {
  return usages.get(command.name()) ?? Help.prototype.subcommandTerm(command);
}
