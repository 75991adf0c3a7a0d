import { expect, it } from 'vitest';
import type { DistillEvent } from '../../src/node.js';
import { createDistillConsole, progressTable } from './distillConsole.js';

const errors = (all: number) => ({ all, outputs: { hidden: all } });

const finished = (name: string): DistillEvent => ({
  ...{ kind: 'finished', name },
  report: {
    ...{ stage: 'D1', option: 'RARA', steps: 300, loss: 'mse', parameters: 1, macs: 1 },
    relativeError: { before: errors(0.123456), after: errors(0.0123456) },
    ...{ seconds: 1234.5, lossCurve: [], identity: {} },
  },
});

it('shows what is in training and how long all will take, in 80 columns', () => {
  const active = new Map([
    ['D1-RARA', { step: 50_000, loss: 0.000012345, error: 0.0123456 }],
    ['E1-R', { step: 0, loss: null, error: 1 }],
  ]);
  const progress = {
    ...{ steps: 100_000, total: 30, finished: 4, failed: 1, begunAt: 0, doneBefore: 0, active },
  };
  const lines = progressTable(progress, 90_000);
  expect(lines).toEqual([
    'D1-RARA   ############............  50000/100000  loss 0.0000123   error was 0.0123',
    'E1-R      ........................     0/100000  loss -           error was 1.00',
    // 24.5 of 29 surrogates are left, 4.5 took a minute and a half.
    '4 of 30 finished, 1 failed, 1:30 so far, 8:10 left',
  ]);
});

it('rewrites its last lines on a terminal, and keeps those that end', () => {
  let text = '';
  const output = { isTTY: true, columns: 80, write: (more: string) => (text += more) };
  const print = createDistillConsole(output, 'surrogates', () => text.length * 1000);
  print({ kind: 'planned', pending: ['D1-RARA'], finished: ['E1-R'], steps: 300 });
  print({ kind: 'started', name: 'D1-RARA', step: 0, error: 0.5 });
  print({ kind: 'step', name: 'D1-RARA', step: 1, loss: 0.5, ms: 100 });
  print(finished('D1-RARA'));
  print({ kind: 'done', finished: 2, failed: [], stopped: false });
  expect(text).toContain('1 of 2 surrogates to train for 300 steps\n');
  expect(text).toContain('\x1b[2A\x1b[0JD1-RARA  relative error 0.123 -> 0.0123');
  expect(text).toContain('2 surrogates finished; surrogates/report.html shows them\n');
});
