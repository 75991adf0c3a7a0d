import { describe, expect, it } from 'vitest';
import type { TrainingEvent } from '../../src/node.js';
import type { StepMetrics } from '../../src/training.js';
import { createPrinter, progressLine } from './trainingConsole.js';

const metrics = (step: number): StepMetrics => ({
  step,
  loss: 0.0123456,
  learningRate: 1e-3,
  gradientNorm: 1,
  ms: 1000,
  dataMs: 12,
});

/** Prints events, a second apart, and returns what was written. */
function print(events: readonly TrainingEvent[], interactive: boolean, columns = 80) {
  const [out, err]: [string[], string[]] = [[], []];
  let now = 0;
  const console = {
    interactive,
    columns,
    write: (text: string) => out.push(text),
    warn: (text: string) => err.push(text),
    now: () => now,
  };
  const printer = createPrinter(console, 100);
  for (const event of events) {
    now += 1000;
    printer(event);
  }
  return { out: out.join(''), err: err.join('') };
}

const steps = (count: number): TrainingEvent[] =>
  Array.from({ length: count }, (_, i) => ({ kind: 'step', metrics: metrics(i + 1) }));

describe('the progress line', () => {
  it('says how far, how well, how fast and how long', () => {
    expect(progressLine(metrics(25), 100, 1000)).toBe(
      '25/100  loss 0.01235  lr 1.0e-3  1000 ms/step  data 1.2%  1:15 left',
    );
  });

  it('fits into 80 columns for long runs', () => {
    const long = { ...metrics(999_998), learningRate: 1.2e-10, dataMs: 1000 };
    expect(progressLine(long, 999_999, 99_999).length).toBeLessThan(80);
    expect(progressLine({ ...metrics(1), loss: 1.5e-9 }, 500_000, 812).length).toBeLessThan(80);
  });
});

it('neither a first step nor one that slept is a pace to go by', () => {
  const slow = (step: number): TrainingEvent => {
    return { kind: 'step', metrics: { ...metrics(step), ms: 3_600_000 } };
  };
  const { out } = print([slow(1), ...steps(19).slice(1), slow(20), ...steps(41).slice(20)], false);
  const lines = out.trimEnd().split('\n');
  expect(lines[0]).toBe('1/100  loss 0.01235  lr 1.0e-3  data 0.0%');
  expect(lines[1]).toMatch(/^21\/100 .* 1000 ms\/step .* 1:19 left$/);
});

describe('a run that has nothing to do', () => {
  it.each([
    [12, 10, '12 steps were done before; the config asks for 10'],
    [10, 10, 'all 10 steps were done before'],
  ])('after %i steps of %i says so', (step, all, words) => {
    const { out } = print([{ kind: 'finished', step, steps: all }], false);
    expect(out).toBe(`${words}\n`);
  });
});

describe('in a log', () => {
  it('a line comes every twenty seconds, first and last included', () => {
    const { out } = print([...steps(50), { kind: 'finished', step: 50, steps: 100 }], false);
    const lines = out.trimEnd().split('\n');
    expect(lines.map((line) => line.split('  ')[0])).toEqual([
      '1/100',
      '21/100',
      '41/100',
      '50/100',
      'stopped after step 50 of 100; --resume continues',
    ]);
    expect(['\r', '\x1b'].filter((control) => out.includes(control))).toEqual([]);
  });

  it('everything else has a line of its own', () => {
    const { out, err } = print(
      [
        { kind: 'started', step: 3, parameters: 1000 },
        {
          kind: 'validation',
          report: { step: 5, validation: { set5: { psnrY: 31.234, images: 5 } }, ms: 1 },
          best: true,
        },
        { kind: 'warning', message: 'x.jpg: damaged' },
        { kind: 'failed', step: 6, savedStep: 5 },
      ],
      false,
    );
    expect(out).toBe('1000 parameters, from step 3 of 100\nstep 5: set5 31.23 dB (best so far)\n');
    expect(err).toBe(
      'warning: x.jpg: damaged\nfailed after step 6; the last checkpoint is of step 5\n',
    );
  });
});

describe('on a terminal', () => {
  it('one line is written over and over, and never wraps', () => {
    const { out } = print([...steps(3), { kind: 'finished', step: 100, steps: 100 }], true, 30);
    const lines = out.split('\r\x1b[2K').slice(1);
    expect(lines).toHaveLength(3);
    expect(lines.slice(0, 2).every((line) => line.length === 29)).toBe(true);
    expect(lines[2]).toMatch(/^3\/100 .*\nfinished 100 steps\n$/);
  });
});
