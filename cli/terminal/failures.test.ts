import { CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import { DeviceError, MemoryError } from '../../src/index.js';
import { ImageFileError, ModelError } from '../../src/node.js';
import { describeFailure, Interrupted, UsageError } from './failures.js';

describe('a failure', () => {
  it.each([
    new ImageFileError('a.png: no'),
    new ModelError('a.png: no'),
    new MemoryError('a.png: no'),
    new UsageError('a.png: no'),
  ])('by bad input is its message and exit code 2: %o', (error) => {
    expect(describeFailure(error)).toEqual({ line: 'a.png: no', exitCode: 2 });
  });

  it('by bad input may come from anywhere in the library', () => {
    const device = describeFailure(new DeviceError('abacus', ['cpu']));
    expect(device).toEqual({
      line: 'expected a device of this machine (cpu), got abacus',
      exitCode: 2,
    });
    expect(describeFailure(new RangeError('expected 3 channels, got 4')).exitCode).toBe(2);
    expect(describeFailure(new RangeError('Array buffer allocation failed'))).toEqual({
      line: 'expected more memory (Array buffer allocation failed)',
      exitCode: 2,
    });
  });

  it('is told in one line, lists included', () => {
    const error = new ModelError(
      'm: 2 that do not match\n1 missing:\n  a: [3]\n1 unexpected:\n  b',
    );
    expect(describeFailure(error).line).toBe(
      'm: 2 that do not match; 1 missing: a: [3]; 1 unexpected: b',
    );
  });

  it('of the program itself has exit code 1 and no stack', () => {
    expect(describeFailure(new TypeError('x is undefined'))).toEqual({
      line: 'internal error: x is undefined (NANOSD_DEBUG=1 shows where)',
      exitCode: 1,
    });
    expect(describeFailure('odd').exitCode).toBe(1);
  });

  it('is none where help was asked for, and says nothing more where it was shown', () => {
    const help = (exitCode: number, code: string) =>
      describeFailure(new CommanderError(exitCode, code, '(outputHelp)'));
    expect(help(0, 'commander.helpDisplayed')).toEqual({ exitCode: 0 });
    expect(help(1, 'commander.help')).toEqual({ exitCode: 2 });
    const usage = new CommanderError(1, 'commander.unknownOption', "error: unknown option '--x'");
    expect(describeFailure(usage)).toEqual({ line: "unknown option '--x'", exitCode: 2 });
  });

  it('by a signal has the exit code of that signal', () => {
    expect(describeFailure(new Interrupted(130))).toEqual({ line: 'interrupted', exitCode: 130 });
  });
});
