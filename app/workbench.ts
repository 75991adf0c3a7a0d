// The queue of photos: what is added, chosen, restored, cancelled and downloaded.
import type { Comparison } from './comparison.js';
import {
  describeOutcome,
  describePhoto,
  describeSaved,
  describeTarget,
  targetSize,
} from './descriptions.js';
import { byId } from './dom.js';
import { saveFile } from './download.js';
import type { Engine } from './engine.js';
import { createFilmstrip } from './filmstrip.js';
import { announce, isAbort, messageOf, showNotice } from './notices.js';
import { isPending, outputName, type Outcome, type Photo } from './photos.js';
import { showProgress } from './progress.js';
import type { RestoreClient } from './restoreClient.js';
import type { SettingsPanel } from './settings.js';

export interface Workbench {
  add(files: readonly File[]): Promise<void>;
  /** Shows what the settings say, after they changed. */
  refresh(): void;
  /** Puts the chosen photo back on the stage. */
  showSelected(): Promise<void>;
  readonly isEmpty: boolean;
}

export interface WorkbenchParts {
  readonly client: RestoreClient;
  readonly engine: Engine;
  readonly comparison: Comparison;
  readonly panel: SettingsPanel;
}

export function createWorkbench({ client, engine, comparison, panel }: WorkbenchParts): Workbench {
  const photos: Photo[] = [];
  let selected: Photo | null = null;
  let running: AbortController | null = null;
  let working: AbortController | null = null;
  let lastId = 0;
  const strip = createFilmstrip({
    onSelect: (photo) => void select(photo, 'fit'),
    onRemove: (photo) => void remove(photo),
  });
  const pending = (): Photo[] => photos.filter((photo) => isPending(photo, panel.current));

  async function add(files: readonly File[]): Promise<void> {
    showNotice(null);
    const refused: string[] = [];
    let first: Photo | null = null;
    for (const file of files) {
      const bitmap = await createImageBitmap(file).catch(() => null);
      if (!bitmap) {
        refused.push(file.name);
        continue;
      }
      const { width, height } = bitmap;
      const state = { kind: 'waiting' } as const;
      const photo: Photo = { id: ++lastId, file, width, height, state, outcome: null };
      photos.push(photo);
      strip.add(photo, bitmap);
      bitmap.close();
      first ??= photo;
    }
    if (refused.length > 0) {
      showNotice(`${refused.join(', ')}: not an image that this browser can open.`);
    }
    if (first) await select(first, 'fit');
    refresh();
  }

  async function select(photo: Photo | null, placement: 'fit' | 'stay'): Promise<void> {
    selected = photo;
    strip.select(photo);
    byId('empty', HTMLElement).hidden = photo !== null;
    byId('viewer', HTMLElement).hidden = photo === null;
    refresh();
    if (!photo) {
      comparison.clear();
      return;
    }
    const { outcome } = photo;
    const [before, after] = await Promise.all([
      createImageBitmap(photo.file),
      outcome && createImageBitmap(outcome.blob),
    ]);
    if (selected !== photo) return;
    const size = after ?? targetSize(photo, panel.current.scale);
    comparison.show({ before, after, size }, placement);
    byId('canvas', HTMLCanvasElement).ariaLabel = describePhoto(photo);
  }

  async function remove(photo: Photo): Promise<void> {
    if (photo.state.kind === 'working') working?.abort();
    const index = photos.indexOf(photo);
    photos.splice(index, 1);
    strip.remove(photo);
    if (selected === photo) await select(photos[Math.min(index, photos.length - 1)] ?? null, 'fit');
    refresh();
  }

  async function restoreAll(): Promise<void> {
    running = new AbortController();
    showNotice(null);
    try {
      for (const photo of pending()) {
        // What is chosen may have changed since the last one.
        const { model, scale, device, fidelity } = panel.current;
        const entry = panel.modelEntry();
        const opened = await engine.open(entry, device);
        if (running.signal.aborted) break;
        if (!photos.includes(photo)) continue;
        const made = { model, scale, device: opened.device };
        const known = entry.fidelity === undefined ? made : { ...made, fidelity };
        await restore(photo, known, running.signal);
      }
    } catch (error) {
      showNotice(messageOf(error));
    } finally {
      running = null;
      refresh();
    }
  }

  async function restore(
    photo: Photo,
    made: Pick<Outcome, 'model' | 'scale' | 'device' | 'fidelity'>,
    queue: AbortSignal,
  ): Promise<void> {
    const own = (working = new AbortController());
    const { signal } = own;
    queue.addEventListener('abort', () => own.abort(queue.reason), { signal });
    const update = (state: Photo['state']): void => {
      photo.state = state;
      strip.update(photo);
      refresh();
    };
    update({ kind: 'working', fraction: { done: 0, total: undefined } });
    announce(`Restoring ${photo.file.name}`);
    try {
      const result = await client.call(
        'restore',
        {
          file: photo.file,
          scale: made.scale,
          ...(made.fidelity !== undefined && { fidelity: made.fidelity }),
        },
        { signal, onProgress: (fraction) => update({ kind: 'working', fraction }) },
      );
      photo.outcome = { ...result, ...made };
      update({ kind: 'done' });
      announce(`${photo.file.name} is restored`);
      if (selected === photo) await select(photo, 'stay');
    } catch (error) {
      const cancelled = isAbort(error) || signal.aborted;
      update(cancelled ? { kind: 'cancelled' } : { kind: 'failed', message: messageOf(error) });
      announce(`${photo.file.name}: ${cancelled ? 'cancelled' : messageOf(error)}`);
    }
  }

  async function download(chosen: readonly Photo[]): Promise<void> {
    const { type, quality, metadata } = panel.current;
    showNotice(null);
    try {
      for (const { file, outcome } of chosen) {
        if (!outcome) continue;
        const isReady = type === 'image/png' && metadata === 'keep';
        const args = { restored: outcome.blob, original: file, type, quality, metadata };
        const written = isReady ? outcome : await client.call('convert', args);
        const name = outputName(file, outcome.scale, type);
        saveFile(written.blob, name);
        showOutcome(describeSaved(name, written, metadata));
      }
    } catch (error) {
      showNotice(messageOf(error));
    }
  }

  function refresh(): void {
    const waiting = pending().length;
    const finished = photos.filter(({ outcome }) => outcome).length;
    showButtons({ waiting, finished, isRunning: running !== null, hasResult: !!selected?.outcome });
    showProgress(selected?.state ?? null);
    byId('size-hint', HTMLElement).textContent = selected
      ? describeTarget(selected, panel.current.scale)
      : '';
    showOutcome(selected ? describeOutcome(selected) : '');
    const failed = selected?.state.kind === 'failed' ? selected.state.message : null;
    if (failed !== null) showNotice(failed);
  }

  bindActions({
    restore: () => void restoreAll(),
    cancel: () => running?.abort(),
    download: () => void download(selected ? [selected] : []),
    downloadAll: () => void download(photos),
  });

  return {
    add,
    refresh,
    showSelected: () => select(selected, 'fit'),
    get isEmpty() {
      return photos.length === 0;
    },
  };
}

type Action = 'restore' | 'cancel' | 'download' | 'downloadAll';

function bindActions(actions: Readonly<Record<Action, () => void>>): void {
  const bind = (id: string, action: Action): void =>
    byId(id, HTMLButtonElement).addEventListener('click', actions[action]);
  bind('restore', 'restore');
  bind('cancel', 'cancel');
  bind('download', 'download');
  bind('download-all', 'downloadAll');
}

interface ButtonState {
  readonly waiting: number;
  readonly finished: number;
  readonly isRunning: boolean;
  readonly hasResult: boolean;
}

function showButtons({ waiting, finished, isRunning, hasResult }: ButtonState): void {
  const restore = byId('restore', HTMLButtonElement);
  restore.hidden = isRunning || (waiting === 0 && finished > 0);
  restore.disabled = waiting === 0;
  restore.textContent = waiting > 1 ? `Restore ${waiting} photos` : 'Restore';
  restore.classList.toggle('primary', true);
  byId('cancel', HTMLElement).hidden = !isRunning;
  byId('download', HTMLElement).hidden = !hasResult;
  byId('download-all', HTMLElement).hidden = finished < 2 || isRunning || waiting > 0;
}

function showOutcome(text: string): void {
  const outcome = byId('outcome', HTMLElement);
  outcome.hidden = text === '';
  outcome.textContent = text;
}
