// The queue and the camera of the app, with a page and a worker that only pretend.
import { beforeAll, describe, expect, it } from 'vitest';
import { createCamera } from '../../app/camera.js';
import type { Comparison } from '../../app/comparison.js';
import type { Engine } from '../../app/engine.js';
import type { RestoreArgs } from '../../app/protocol.js';
import type { CallOptions, RestoreClient } from '../../app/restoreClient.js';
import type { Settings, SettingsPanel } from '../../app/settings.js';
import { createWorkbench } from '../../app/workbench.js';
import { element, fakePage } from './fakePage.js';

beforeAll(fakePage);

const comparison: Comparison = { show: () => undefined, clear: () => undefined };
const settings = { model: 'sr-x4', scale: 4, device: 'wasm' } as Settings;
const panelOf = (current: () => Settings): SettingsPanel => ({
  get current() {
    return current();
  },
  modelEntry: () => ({ name: 'sr-x4', task: 'sr', scale: 4, parameters: 1, bytes: 1 }),
  add: () => undefined,
});
const engine: Engine = {
  open: (_, device) =>
    Promise.resolve({ device, threads: 1, scale: 4, task: 'sr', rejected: null }),
  listDevices: () => Promise.resolve(),
};

interface Pending {
  readonly name: string;
  finish(): void;
}

/** A worker that restores when told to, and stops when its signal says so. */
function fakeWorker() {
  const asked: Pending[] = [];
  const client = {
    call: (_name: string, { file }: RestoreArgs, { signal }: CallOptions = {}) =>
      new Promise((resolve, reject) => {
        const result = { blob: file, width: 8, height: 6, kept: [], lost: [], ms: 1 };
        asked.push({ name: (file as File).name, finish: () => resolve(result) });
        signal?.addEventListener('abort', () => reject(signal.reason as Error));
      }),
  } as RestoreClient;
  return { client, asked };
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 5));
const files = (...names: string[]) => names.map((name) => new File(['x'], name));

describe('the queue', () => {
  it('goes on with the others when the photo in work is removed', async () => {
    const { client, asked } = fakeWorker();
    const panel = panelOf(() => settings);
    const workbench = createWorkbench({ client, engine, comparison, panel });
    await workbench.add(files('a.png', 'b.png', 'c.png'));
    element('restore').click();
    await settle();
    expect(asked.map(({ name }) => name)).toEqual(['a.png']);
    element('Remove a.png').click();
    await settle();
    expect(asked.map(({ name }) => name)).toEqual(['a.png', 'b.png']);
    element('cancel').click();
    await settle();
    expect(asked).toHaveLength(2);
  });
});

describe('a photo of the queue', () => {
  it('is restored on the device that is chosen by then', async () => {
    const { client, asked } = fakeWorker();
    const opened: string[] = [];
    let device = 'wasm';
    const noting: Engine = {
      ...engine,
      open: (entry, name) => {
        opened.push(name);
        return engine.open(entry, name);
      },
    };
    const panel = panelOf(() => ({ ...settings, device }));
    const workbench = createWorkbench({ client, engine: noting, comparison, panel });
    await workbench.add(files('d.png', 'e.png'));
    element('restore').click();
    await settle();
    device = 'webgpu';
    asked[0].finish();
    await settle();
    expect([asked.length, ...opened]).toEqual([2, 'wasm', 'webgpu']);
    element('cancel').click();
    await settle();
  });
});

describe('the camera', () => {
  it('is let go of when it cannot be restored', async () => {
    let isOn = true;
    const track = { stop: () => (isOn = false) };
    const mediaDevices = { getUserMedia: () => Promise.resolve({ getTracks: () => [track] }) };
    Object.defineProperty(globalThis, 'navigator', { value: { mediaDevices }, configurable: true });
    const failing: Engine = { ...engine, open: () => Promise.reject(new Error('no model')) };
    const { client } = fakeWorker();
    const panel = panelOf(() => settings);
    await createCamera({ client, engine: failing, comparison, panel }).start();
    expect(element('notice').textContent).toBe('no model');
    expect(isOn).toBe(false);
  });

  it('says what it needs where browsers do not offer it', async () => {
    Object.assign(globalThis, { isSecureContext: false });
    const { client } = fakeWorker();
    await createCamera({ client, engine, comparison, panel: panelOf(() => settings) }).start();
    expect(element('notice').textContent).toMatch(/^The camera needs HTTPS/);
  });
});
