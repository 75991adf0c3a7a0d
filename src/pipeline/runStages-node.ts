import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from '../weights/replace-file-node.js';
import { makeFolder } from '../weights/makeFolder-node.js';
import { inOrder, type PipelineEvent, type Settings, type Stage } from './stage.js';

/** What lies in a stage's folder beside its results. */
const stampName = '.stage.json';

interface Stamp {
  readonly done: boolean;
  /** Spent on it so far, over all runs. */
  readonly seconds: number;
}

export interface RunStagesOptions {
  /** Every stage has a folder `NAME-KEY` in it. */
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly onEvent: (event: PipelineEvent) => void;
}

/**
 * Runs stages one after the other and gives the folder of each. A folder's name holds a digest of all that its
 * content depends on, so what is done is not done again, whatever was killed or edited in between: another
 * setting makes another folder for its stage and those after it, and going back to the old one finds the old.
 * @throws the signal's reason when aborted; what a stage throws, with what it has done so far kept.
 */
export async function runStages(
  stages: readonly Stage[],
  { folder, signal, onEvent }: RunStagesOptions,
): Promise<ReadonlyMap<string, string>> {
  const keys = new Map<string, string>();
  const folders = new Map<string, string>();
  for (const stage of inOrder(stages)) {
    const { name } = stage;
    const key = stageKey(stage, keys);
    const own = join(folder, `${name}-${key}`);
    keys.set(name, key);
    folders.set(name, own);
    const before = await openFolder(own);
    if (before.done) {
      onEvent({ kind: 'stage', stage: name, state: 'kept', folder: own, seconds: before.seconds });
      continue;
    }
    signal.throwIfAborted();
    onEvent({ kind: 'stage', stage: name, state: 'running', folder: own, seconds: null });
    const begun = performance.now();
    const seconds = (): number => before.seconds + (performance.now() - begun) / 1000;
    const folderOf = (other: string): string => {
      const found = folders.get(other);
      if (!found || !stage.after.includes(other)) {
        throw new Error(`${name}: expected a stage that it comes after, got ${other}`);
      }
      return found;
    };
    try {
      await stage.run({
        ...{ folder: own, folderOf, signal },
        onProgress: (done, note) => onEvent({ kind: 'progress', stage: name, done, note }),
        onWarning: (message) => onEvent({ kind: 'warning', stage: name, message }),
      });
    } catch (error) {
      // What it took so far is only told; the error is what matters.
      await writeStamp(own, { done: false, seconds: seconds() }).catch(() => undefined);
      throw error;
    }
    await writeStamp(own, { done: true, seconds: seconds() });
    onEvent({ kind: 'stage', stage: name, state: 'done', folder: own, seconds: seconds() });
  }
  return folders;
}

/** Of everything that a stage's result depends on. */
function stageKey(stage: Stage, keys: ReadonlyMap<string, string>): string {
  const before = stage.after.map((name) => `${name} ${keys.get(name) ?? ''}`);
  const content = JSON.stringify([stage.name, sorted(stage.settings), before]);
  return createHash('sha256').update(content).digest('hex').slice(0, 10);
}

/** The order in which keys were written changes nothing. */
function sorted(settings: Settings): Settings {
  if (Array.isArray(settings)) return settings.map(sorted);
  if (typeof settings !== 'object' || settings === null) return settings;
  const members = Object.entries(settings).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(members.map(([key, value]) => [key, sorted(value)]));
}

async function openFolder(folder: string): Promise<Stamp> {
  await makeFolder(folder);
  const text = await readFile(join(folder, stampName), 'utf8').catch(() => null);
  const stamp = text === null ? null : parseStamp(text);
  // Without one that can be read it was killed before it ended; the stage itself goes on from what is there.
  return stamp ?? { done: false, seconds: 0 };
}

function parseStamp(text: string): Stamp | null {
  try {
    const { done, seconds } = JSON.parse(text) as Partial<Stamp>;
    return typeof done === 'boolean' && typeof seconds === 'number' ? { done, seconds } : null;
  } catch {
    return null;
  }
}

async function writeStamp(folder: string, stamp: Stamp): Promise<void> {
  const text = `${JSON.stringify(stamp)}\n`;
  await replaceFile(join(folder, stampName), [new TextEncoder().encode(text)]);
}
