import { byId, create } from './dom.js';
import { modelUrl, type ModelEntry } from './models.js';
import type { Fraction, OpenedModel } from './protocol.js';
import type { RestoreClient } from './restoreClient.js';

/** The model and the device in use, and what the page says about them. */
export interface Engine {
  /** Opens a model on a device, unless it is what is open. */
  open(model: ModelEntry, device: string): Promise<OpenedModel>;
  /** Fills the choice of devices with those of this browser. */
  listDevices(selected: string): Promise<void>;
}

const deviceNames: Readonly<Record<string, string>> = {
  auto: 'Automatic',
  webgpu: 'Graphics (WebGPU)',
  webnn: 'Neural engine (WebNN)',
  wasm: 'Processor (WebAssembly)',
};

const shortNames: Readonly<Record<string, string>> = {
  webgpu: 'Graphics',
  webnn: 'Neural engine',
  wasm: 'Processor',
};

/** Half of what hyper-threaded processors claim is real, and more than eight threads wait for each other. */
const MOST_THREADS = 8;

export function createEngine(client: RestoreClient): Engine {
  let opened: { readonly key: string; readonly model: Promise<OpenedModel> } | null = null;
  const threads = crossOriginIsolated ? Math.min(navigator.hardwareConcurrency, MOST_THREADS) : 1;

  async function openNow(entry: ModelEntry, device: string): Promise<OpenedModel> {
    showState('starting', 'Loading');
    try {
      const model = await client.call(
        'open',
        { model: entry.file ?? modelUrl(entry), device, threads },
        { onProgress: (progress) => showState('starting', downloadText(progress)) },
      );
      showDevice(model, device);
      return model;
    } catch (error) {
      showState('failed', 'Not available');
      throw error;
    }
  }

  return {
    open(entry, device) {
      const key = `${entry.name} ${device}`;
      if (opened?.key !== key) {
        const model = openNow(entry, device);
        opened = { key, model };
        model.catch(() => (opened = null));
      }
      return opened.model;
    },
    async listDevices(selected) {
      const usable = await client.call('listDevices', null);
      const select = byId('device', HTMLSelectElement);
      const options = Object.entries(deviceNames).map(([device, name]) => {
        const isUsable = device === 'auto' || usable.includes(device);
        const option = new Option(isUsable ? name : `${name}: not in this browser`, device);
        option.disabled = !isUsable;
        return option;
      });
      select.replaceChildren(...options);
      select.value = usable.includes(selected) ? selected : 'auto';
    },
  };
}

function downloadText({ done, total }: Fraction): string {
  return total ? `Loading ${Math.round((100 * done) / total)} %` : 'Loading';
}

function showDevice({ device, threads, rejected }: OpenedModel, asked: string): void {
  const isCpu = device === 'wasm';
  const count = isCpu ? `, ${threads} ${threads === 1 ? 'thread' : 'threads'}` : '';
  showState(rejected ? 'fallback' : 'ready', shortNames[device] ?? device, count);
  const hint = byId('device-hint', HTMLElement);
  hint.classList.toggle('warn', rejected !== null);
  hint.textContent = deviceHint(rejected, asked, isCpu, threads);
}

function deviceHint(
  rejected: OpenedModel['rejected'],
  asked: string,
  isCpu: boolean,
  threads: number,
): string {
  if (rejected) {
    const name = deviceNames[rejected.device] ?? rejected.device;
    return `${name} cannot be used: ${rejected.problem}. The processor does the work.`;
  }
  if (isCpu && threads === 1)
    return 'One thread: this page is served without the headers that more of them need.';
  if (asked !== 'auto') return '';
  return isCpu
    ? 'This browser offers no graphics processor to compute with.'
    : 'Its numbers were compared with the processor’s.';
}

type ChipState = 'starting' | 'ready' | 'fallback' | 'failed';

function showState(state: ChipState, text: string, detail = ''): void {
  byId('device-chip', HTMLElement).dataset.state = state;
  const details = create('span', { className: 'detail' }, detail);
  byId('device-text', HTMLElement).replaceChildren(text, details);
}
