import type * as Ort from 'onnxruntime-web';
import type { Executor } from '../graph/index.js';
import { DeviceError } from './devices.js';
import { engineExecutor, type Engine, type FallbackOptions, type Placement } from './engine.js';
import { fromOrtFeeds, toOrtFeeds } from './ortTensor.js';
import { createQueue } from './queue.js';

export interface WebExecutorOptions extends FallbackOptions {
  /** `wasm` (default), `webgpu` or `webnn`. */
  readonly device?: string;
  /**
   * Threads of the CPU, this one included; by default half of the logical cores, at most 4. More
   * than one needs a cross-origin isolated page (COOP and COEP headers).
   */
  readonly threads?: number;
  /**
   * The URL of a folder, with a slash at its end, that holds ONNX Runtime's
   * `ort-wasm-simd-threaded*` files; by default they lie where the bundler put them.
   */
  readonly wasmPaths?: string;
}

type OrtBuild = typeof Ort;

/** What is slow to load, or large, is imported when it is asked for. */
const builds: Readonly<Record<string, () => Promise<OrtBuild>>> = {
  wasm: () => import('onnxruntime-web/wasm'),
  webgpu: () => import('onnxruntime-web/webgpu'),
  webnn: () => import('onnxruntime-web/webgpu'),
};

/** An imported build is one engine for all of the page, however many executors use it. */
const queue = createQueue();

/**
 * ONNX Runtime in this page or worker. `run` computes in this thread, so a page that must stay
 * responsive calls it in a worker.
 * @throws DeviceError listing the devices there are; Error when the engine runs already with another
 * number of threads.
 */
export async function createWebExecutor(options: WebExecutorOptions = {}): Promise<Executor> {
  const { device = 'wasm' } = options;
  const available = await listWebDevices();
  if (!available.includes(device)) throw new DeviceError(device, available);
  const ort = await builds[device]();
  configure(ort, options);
  return engineExecutor(device, webEngine(ort, device), options);
}

/** The devices that can be used here; `wasm` always can. */
export async function listWebDevices(): Promise<string[]> {
  const devices = ['wasm'];
  if (await hasWebGpu()) devices.push('webgpu');
  if (await hasWebNn()) devices.push('webnn');
  return devices;
}

async function hasWebGpu(): Promise<boolean> {
  if (!('gpu' in navigator)) return false;
  return (await navigator.gpu.requestAdapter()) !== null;
}

async function hasWebNn(): Promise<boolean> {
  const { ml } = navigator as { readonly ml?: { createContext(): Promise<unknown> } };
  if (!ml) return false;
  return ml.createContext().then(
    () => true,
    () => false,
  );
}

/** Takes effect before the engine starts, which is when the first graph is loaded. */
function configure({ env }: OrtBuild, { threads, wasmPaths }: WebExecutorOptions): void {
  const { wasm } = env;
  if (threads !== undefined) {
    if (wasm.numThreads !== undefined && wasm.numThreads !== threads)
      throw new Error(`expected the page's ${wasm.numThreads} threads, got ${threads}`);
    wasm.numThreads = threads;
  }
  if (wasmPaths !== undefined) wasm.wasmPaths = wasmPaths;
}

function webEngine(ort: OrtBuild, device: string): Engine {
  return {
    queue,
    async open(model, placement) {
      const session = await ort.InferenceSession.create(model, sessionOptions(device, placement));
      return {
        run: async (feeds) => fromOrtFeeds(await session.run(toOrtFeeds(ort.Tensor, feeds))),
        release: () => session.release(),
      };
    },
  };
}

function sessionOptions(device: string, placement: Placement): Ort.InferenceSession.SessionOptions {
  const strict = placement === 'strict' && device !== 'wasm';
  return {
    executionProviders: [device],
    graphOptimizationLevel: 'all',
    // Everything that matters is thrown; the log would write it to the console a second time.
    logSeverityLevel: 4,
    ...(strict ? { extra: { session: { disable_cpu_ep_fallback: '1' } } } : {}),
  };
}
