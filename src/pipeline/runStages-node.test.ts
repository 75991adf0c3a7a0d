import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runStages } from './runStages-node.js';
import { inOrder, type PipelineEvent, type Stage, type StageContext } from './stage.js';

let folder: string;
let ran: string[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nanosd-stages-'));
  ran = [];
});
afterEach(() => rm(folder, { recursive: true }));

/** Writes its settings and what it reads. */
function stage(name: string, after: string[], settings: number, run?: Stage['run']): Stage {
  const write = async (at: StageContext): Promise<void> => {
    ran.push(name);
    const read = after.map((other) => readFile(join(at.folderOf(other), 'result'), 'utf8'));
    await writeFile(
      join(at.folder, 'result'),
      `${name}${settings}(${(await Promise.all(read)).join()})`,
    );
  };
  return { name, after, settings: { b: settings, a: 1 }, run: run ?? write };
}

async function runAll(stages: Stage[], signal = new AbortController().signal) {
  const events: PipelineEvent[] = [];
  const folders = await runStages(stages, {
    folder,
    signal,
    onEvent: (event) => events.push(event),
  });
  const result = (name: string) => readFile(join(folders.get(name) ?? '', 'result'), 'utf8');
  return { events, result };
}

describe('runStages', () => {
  it('runs each after what it reads, and once', async () => {
    const stages = [stage('c', ['a', 'b'], 1), stage('a', [], 1), stage('b', ['a'], 1)];
    const first = await runAll(stages);
    expect(await first.result('c')).toBe('c1(a1(),b1(a1()))');
    expect(ran).toEqual(['a', 'b', 'c']);
    const again = await runAll(stages);
    expect(ran).toHaveLength(3);
    expect(again.events.map((event) => event.kind === 'stage' && event.state)).toEqual(
      Array(3).fill('kept'),
    );
  });

  it('does again what depends on a change, and finds the old result when it is taken back', async () => {
    const of = (b: number) => [stage('a', [], 1), stage('b', ['a'], b), stage('c', ['b'], 1)];
    await runAll(of(1));
    const changed = await runAll(of(2));
    expect(await changed.result('c')).toBe('c1(b2(a1()))');
    expect(ran.slice(3)).toEqual(['b', 'c']);
    const back = await runAll(of(1));
    expect(await back.result('c')).toBe('c1(b1(a1()))');
    expect(ran).toHaveLength(5);
  });

  it('goes on in the folder of a stage that failed', async () => {
    const flaky = stage('a', [], 1, async ({ folder: own }) => {
      const found = await readdir(own);
      await writeFile(join(own, 'result'), found.includes('half') ? 'whole' : '');
      await writeFile(join(own, 'half'), '');
      if (!found.includes('half')) throw new Error('power cut');
    });
    await expect(runAll([flaky])).rejects.toThrow('power cut');
    const { result, events } = await runAll([flaky]);
    expect(await result('a')).toBe('whole');
    expect(events.at(-1)).toMatchObject({ state: 'done' });
  });

  it('takes a damaged stamp for a stage that has not ended', async () => {
    await runAll([stage('a', [], 1)]);
    const [own] = await readdir(folder);
    await writeFile(join(folder, own, '.stage.json'), '{"done":tr');
    await runAll([stage('a', [], 1)]);
    expect(ran).toEqual(['a', 'a']);
  });

  it('stops before the next stage when it is aborted, and reads only stages that it named', async () => {
    const controller = new AbortController();
    const stopping = stage('a', [], 1, () => Promise.resolve(controller.abort(new Error('stop'))));
    await expect(runAll([stopping, stage('b', ['a'], 1)], controller.signal)).rejects.toThrow(
      'stop',
    );
    expect(ran).toEqual([]);
    const curious = stage('b', [], 1, ({ folderOf }) => Promise.reject(new Error(folderOf('a'))));
    await expect(runAll([stage('a', [], 1), curious])).rejects.toThrow(
      'b: expected a stage that it comes after, got a',
    );
  });
});

describe('inOrder', () => {
  it('names what is wrong with stages', () => {
    expect(() => inOrder([stage('a', ['b'], 1), stage('b', ['a'], 1)])).toThrow('a > b > a');
    expect(() => inOrder([stage('a', ['x'], 1)])).toThrow('got no x');
    expect(() => inOrder([stage('a', [], 1), stage('a', [], 2)])).toThrow('different names');
  });
});
