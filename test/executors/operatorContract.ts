// Every operator in every variant, on an executor and on the float64 interpreter.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInterpreter, type Executor, type Op, type Session } from '../../src/graph/index.js';
import { operatorCases, type OperatorCase } from './operatorCases.js';
import type { OnFallback } from './remote.js';
import { largestError } from './tolerances.js';

const reports = fileURLToPath(new URL('../../runs/operators/', import.meta.url));

export interface OperatorOptions {
  /** Bounds in the place of those of `tolerances`, each for a reason stated where it is given. */
  readonly tolerances?: Readonly<Partial<Record<Op, number>>>;
  /** The operators that the device has no kernel for, as an executor names them, by the case. */
  readonly withoutKernel?: Readonly<Record<string, string>>;
  /** Cases that the device gets wrong, and why; one that it gets right has no place here. */
  readonly broken?: Readonly<Record<string, string>>;
}

interface Row {
  cases: number;
  worstError: number;
  readonly tolerance: number;
}

const noWeights = new Map<string, never>();

/** Leaves the worst errors in `runs/operators/NAME.json`. */
export function describeOperators(
  name: string,
  create: (onFallback: OnFallback) => Promise<Executor>,
  { tolerances = {}, withoutKernel = {}, broken = {} }: OperatorOptions = {},
): void {
  describe(`${name}: every operator`, () => {
    const interpreter = createInterpreter();
    const report: Partial<Record<Op, Row>> = {};
    const fallback: string[] = [];
    let executor: Executor;
    let anchor: Session;

    const errorOf = async ({ graph, feeds }: OperatorCase): Promise<number> => {
      await using reference = await interpreter.load(graph, noWeights);
      const expected = (await reference.run(feeds)).y;
      await using session = await executor.load(graph, noWeights);
      const { y } = await session.run(feeds);
      expect([y.dtype, y.shape]).toEqual([expected.dtype, expected.shape]);
      return largestError(y, expected);
    };

    beforeAll(async () => {
      executor = await create((operators) => void fallback.push(...operators));
      // A device is set up for its first session and torn down after its last.
      anchor = await executor.load(operatorCases[0].graph, noWeights);
    });

    afterAll(async () => {
      await anchor[Symbol.asyncDispose]();
      mkdirSync(reports, { recursive: true });
      writeFileSync(join(reports, `${name}.json`), `${JSON.stringify(report, null, 2)}\n`);
    });

    it.each(operatorCases.map((one) => [one.name, one] as const))('%s', async (caseName, one) => {
      fallback.length = 0;
      const tolerance = tolerances[one.op] ?? one.tolerance;
      if (Object.hasOwn(broken, caseName)) {
        const error = await errorOf(one).catch(() => Infinity);
        expect(error, `works now; was broken: ${broken[caseName]}`).toBeGreaterThan(tolerance);
        return;
      }
      const error = await errorOf(one);
      const row = (report[one.op] ??= { cases: 0, worstError: 0, tolerance });
      row.cases += 1;
      row.worstError = Math.max(row.worstError, error);
      expect(error).toBeLessThanOrEqual(tolerance);
      const left = withoutKernel[caseName];
      expect(fallback, 'left to the CPU').toEqual(left === undefined ? [] : [left]);
    });

    it('has no exception that no case is an exception by', () => {
      const names = operatorCases.map((one) => one.name);
      expect(names).toEqual(expect.arrayContaining(Object.keys(withoutKernel)));
      expect(names).toEqual(expect.arrayContaining(Object.keys(broken)));
    });
  });
}
