import { describe, expect, it } from 'vitest';
import { createWorkbench, type Task } from './workbench.js';

interface Piece extends AsyncDisposable {
  readonly name: string;
}

/** Tasks that end when they are told to, and what became of them. */
function rehearse() {
  const events: string[] = [];
  const endings = new Map<string, () => void>();
  const task = (name: string): Task<Piece> => ({
    run: () =>
      new Promise((resolve) => {
        events.push(`${name} runs`);
        endings.set(name, () =>
          resolve({
            name,
            [Symbol.asyncDispose]: () => Promise.resolve(void events.push(`${name} dropped`)),
          }),
        );
      }),
    late: (seconds) => new Error(`later than ${seconds} s`),
  });
  return { events, task, end: (name: string) => endings.get(name)?.() };
}

const limits = { concurrency: 1, queueLimit: 2, timeout: 60 };

describe('createWorkbench', () => {
  it('runs tasks in order, some at a time, and refuses what is too much', async () => {
    const { events, task, end } = rehearse();
    const bench = createWorkbench(limits);
    const [a, b, c] = ['a', 'b', 'c'].map((name) => bench.submit(task(name)));
    expect([a, b, c].map((errand) => errand.ahead())).toEqual([undefined, 1, 2]);
    expect(() => bench.submit(task('d'))).toThrow(/expected fewer than 2 requests to wait/);
    expect(bench.accept(task('e')).ahead()).toBe(3);
    end('a');
    expect((await a.ended).name).toBe('a');
    await Promise.resolve();
    expect([bench.running, bench.waiting]).toEqual([1, 2]);
    end('b');
    await b.ended;
    expect(events).toEqual(['a runs', 'b runs']);
  });

  it('forgets a task that waits, and keeps the place of one that runs until it has ended', async () => {
    const { events, task, end } = rehearse();
    const bench = createWorkbench(limits);
    const [a, b] = [bench.submit(task('a')), bench.submit(task('b'))];
    b.cancel(new Error('enough'));
    await expect(b.ended).rejects.toThrow('enough');
    expect(bench.waiting).toBe(0);
    a.cancel(new Error('gone'));
    await expect(a.ended).rejects.toThrow('gone');
    expect(bench.running).toBe(1);
    end('a');
    await expect.poll(() => bench.running).toBe(0);
    expect(events).toEqual(['a runs', 'a dropped']);
  });

  it('gives up what takes too long', async () => {
    const { task } = rehearse();
    const bench = createWorkbench({ ...limits, timeout: 0.01 });
    await expect(bench.submit(task('a')).ended).rejects.toThrow('later than 0.01 s');
  });

  it('takes nothing more once it is closed', () => {
    const { task } = rehearse();
    const bench = createWorkbench(limits);
    const errand = bench.submit(task('a'));
    bench.close();
    expect(() => bench.checkRoom()).toThrow(/stopping/);
    expect(() => bench.accept(task('b'))).toThrow(/stopping/);
    bench.cancelAll(new Error('over'));
    return expect(errand.ended).rejects.toThrow('over');
  });
});
