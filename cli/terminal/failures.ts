import { CommanderError } from 'commander';

/** A command line that makes no sense; the message says what was expected. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** A signal that ended the work. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';

  constructor(
    readonly exitCode: number,
    message = 'interrupted',
  ) {
    super(message);
  }
}

/** Some of many files could not be worked on, which has been said of each; the others have been. */
export class SomeFailed extends Error {
  override readonly name = 'SomeFailed';

  constructor(failed: number, all: number, done = 'restored') {
    super(`${failed} of ${all} photos could not be ${done}`);
  }
}

const BAD_INPUT = 2;
const INTERNAL = 1;
const SOME_FAILED = 3;

/** What the library throws for bad input, by name: to import the classes would load the engine for `--help`. */
const badInputErrors: ReadonlySet<string> = new Set([
  'ConfigError',
  'DeviceError',
  'DiskFullError',
  'ImageFileError',
  'MemoryError',
  'ModelError',
  'TokenizerError',
  'UsageError',
  'WeightsError',
]);

const outOfMemory = /allocation failed|bad_alloc|invalid typed array length|out of memory/i;

/** What a command ends with after a failure: a line for stderr, if there is something to say, and an exit code. */
export interface Failure {
  readonly line?: string;
  readonly exitCode: number;
}

/** Says in one line what went wrong; the exit code is 2 for bad input, 3 where part of it was, and 1 for faults of the program. */
export function describeFailure(error: unknown): Failure {
  if (error instanceof Interrupted) return { line: error.message, exitCode: error.exitCode };
  if (error instanceof SomeFailed) return { line: error.message, exitCode: SOME_FAILED };
  if (error instanceof CommanderError) return describeUsage(error);
  const message = oneLine(error instanceof Error ? error.message : String(error));
  if (isBadInput(error)) return { line: message, exitCode: BAD_INPUT };
  if (outOfMemory.test(message)) {
    return { line: `expected more memory (${message})`, exitCode: BAD_INPUT };
  }
  return { line: `internal error: ${message} (NANOSD_DEBUG=1 shows where)`, exitCode: INTERNAL };
}

/** Prints a failure to stderr, with the stack where `NANOSD_DEBUG` is set, and returns the exit code. */
export function reportFailure(error: unknown): number {
  const { line, exitCode } = describeFailure(error);
  if (line !== undefined) process.stderr.write(`nanosd: ${line}\n`);
  if (process.env.NANOSD_DEBUG && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  return exitCode;
}

function isBadInput(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  // The library's own range errors say what they expected; the language's do not.
  if (error instanceof RangeError) return error.message.startsWith('expected');
  return badInputErrors.has(error.name);
}

/** Help that was asked for is no failure; help in place of a missing command is. */
function describeUsage({ code, exitCode, message }: CommanderError): Failure {
  if (exitCode === 0) return { exitCode };
  if (code === 'commander.help') return { exitCode: BAD_INPUT };
  return { line: oneLine(message.replace(/^error: /, '')), exitCode: BAD_INPUT };
}

function oneLine(message: string): string {
  const lines = message
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return lines.reduce((all, line) => (/[:;,]$/.test(all) ? `${all} ${line}` : `${all}; ${line}`));
}
