import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openJournal, readJournal } from './journal-node.js';
import type { Objectives } from '../algorithms/pareto.js';
import { runSearch, type Measurement } from '../algorithms/runSearch.js';
import { createSearch, strategies } from '../algorithms/search.js';
import type { SearchProblem } from '../algorithms/searchProblem.js';
import type { Point } from '../space/space.js';

const problem: SearchProblem = {
  space: {
    kind: 'discrete',
    choices: ['a', 'b'].map((name) => ({ name, options: [...'01234567'] })),
  },
  objectives: [{ name: 'distance' }, { name: 'cost' }],
};
const identity = { strategy: 'bayesian', seed: 1, space: ['a', 'b'] };

function measure([a, b]: Point): Promise<Measurement> {
  const objectives: Objectives = [Math.exp(-a / 3 - b / 5), a + 1.5 * b];
  return Promise.resolve({ objectives, details: { sum: a + b } });
}

let folder = '';
let path = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nanosd-journal-'));
  path = join(folder, 'search.jsonl');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

/** Runs to the end, or until `stopAfter` measurements. */
async function run(stopAfter = Infinity, evaluations = 12, batch = 3): Promise<void> {
  await using journal = await openJournal(path, identity);
  const propose = strategies.bayesian(problem, { seed: 1, initial: 4 });
  const search = createSearch(problem, propose, journal.trials);
  let done = 0;
  if (stopAfter === 0) return;
  for await (const trial of runSearch(search, measure, { evaluations, batch, log: journal })) {
    expect(trial.details).toBeDefined();
    if (++done === stopAfter) return;
  }
}

describe('openJournal', () => {
  it('makes a run that is interrupted anywhere the same as one that is not', async () => {
    await run();
    const whole = await readFile(path, 'utf8');
    expect(whole.split('\n')).toHaveLength(1 + 4 + 1 + 12 + 1);
    for (const stop of [0, 1, 2, 3, 4, 7, 10, 11]) {
      await rm(path);
      await run(stop);
      await run();
      expect(await readFile(path, 'utf8')).toBe(whole);
    }
  });

  it('mends a last line that a crash has cut off, wherever', async () => {
    await run();
    const whole = await readFile(path, 'utf8');
    const cuts = [1, 20, 70, 90, 140, 150, 200, 300, 500, whole.length - 1];
    for (const cut of cuts) {
      await writeFile(path, whole.slice(0, cut));
      await run();
      expect(await readFile(path, 'utf8')).toBe(whole);
    }
  });

  it('goes on after its end with more evaluations', async () => {
    await run();
    await run(Infinity, 15);
    const entries = await readJournal(path);
    expect(entries).toHaveLength(15);
    expect(entries[14].details?.['sum']).toBe(entries[14].point[0] + entries[14].point[1]);
  });

  it('refuses the journal of another run, says what differs, and leaves it alone', async () => {
    await run(2);
    await appendFile(path, '{"point":[1');
    const before = await readFile(path, 'utf8');
    await expect(openJournal(path, { ...identity, seed: 2 })).rejects.toThrow(
      /expected the journal of this run.*\nseed: expected 1, got 2/,
    );
    expect(await readFile(path, 'utf8')).toBe(before);
  });

  it('refuses what is no journal, and damage in the middle, naming the line', async () => {
    for (const text of ['hello', 'hello\n', '{"a":1}\n', '\n', '[]']) {
      await writeFile(path, text);
      await expect(openJournal(path, identity)).rejects.toThrow(
        `${path}: expected the journal of a search, got`,
      );
      expect(await readFile(path, 'utf8')).toBe(text);
    }
    await rm(path);
    await run();
    const lines = (await readFile(path, 'utf8')).split('\n');
    const damaged = (index: number, line: string): string =>
      lines.map((old, i) => (i === index ? line : old)).join('\n');
    await writeFile(path, damaged(3, '{"point":[1,'));
    await expect(openJournal(path, identity)).rejects.toThrow('line 4: expected a suggestion or');
    await writeFile(path, damaged(3, lines[2]));
    await expect(openJournal(path, identity)).rejects.toThrow('line 4: expected the first');
    await writeFile(path, damaged(3, '{"point":[99,99],"objectives":[1,2]}'));
    await expect(readJournal(path)).rejects.toThrow('line 4: expected the first measurement');
  });

  it('says where it cannot write', async () => {
    await expect(openJournal(join(folder, 'no', 'such'), identity)).rejects.toThrow(
      'no such file or directory',
    );
    await expect(readJournal(path)).rejects.toThrow(path);
    await expect(openJournal(folder, identity)).rejects.toThrow('expected a file, got a directory');
  });
});

describe('runSearch', () => {
  it('logs a suggestion before it is measured, and measures a batch side by side', async () => {
    const events: string[] = [];
    const search = createSearch(problem, strategies.random(problem, { seed: 1, initial: 4 }));
    let running = 0;
    let most = 0;
    const trials = runSearch(
      search,
      async (point) => {
        most = Math.max(most, ++running);
        events.push('measure');
        await new Promise((resolve) => setTimeout(resolve, 5 * point[0]));
        running--;
        return measure(point);
      },
      {
        evaluations: 4,
        batch: 4,
        log: {
          suggest: () => Promise.resolve(void events.push('suggest')),
          record: () => Promise.resolve(void events.push('record')),
        },
      },
    );
    const found = await all(trials);
    expect(found).toHaveLength(4);
    expect(most).toBe(4);
    expect(events[0]).toBe('suggest');
    expect(events.filter((event) => event === 'record')).toHaveLength(4);
    expect(search.trials.every(({ objectives }) => objectives !== undefined)).toBe(true);
  });

  it('stops when told to, and fails when a measurement does', async () => {
    const search = () => createSearch(problem, strategies.random(problem, { seed: 1, initial: 4 }));
    const signal = AbortSignal.abort(new Error('enough'));
    const stopped = runSearch(search(), measure, { evaluations: 4, signal });
    await expect(all(stopped)).rejects.toThrow('enough');
    const failing = runSearch(search(), () => Promise.reject(new Error('no device')), {
      evaluations: 4,
      batch: 2,
    });
    await expect(all(failing)).rejects.toThrow('no device');
  });
});
