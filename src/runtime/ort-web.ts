import type * as Ort from 'onnxruntime-web';
import type { Executor } from '../graph/index.js';
import { DeviceError } from './devices.js';
import { engineExecutor, type Engine, type FallbackOptions, type Placement } from './engine.js';
import { fromOrtFeeds, toOrtFeeds } from './ortTensor.js';
import { createQueue } from './queue.js';
import { wasmGraph } from './wasmGraph.js';

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

interface WebDevice {
  readonly isUsable: () => Promise<boolean>;
  /** Large, so imported when it is asked for. */
  readonly importBuild: () => Promise<OrtBuild>;
}

const devices: Readonly<Record<string, WebDevice>> = {
  wasm: {
    isUsable: () => Promise.resolve(true),
    importBuild: () => import('onnxruntime-web/wasm'),
  },
  webgpu: { isUsable: hasWebGpu, importBuild: importGpuBuild },
  webnn: { isUsable: hasWebNn, importBuild: importGpuBuild },
};

/** 17 MB where WebAssembly can wait for a promise (JSPI), 27 MB where it was compiled to be able to. */
function importGpuBuild(): Promise<OrtBuild> {
  return 'Suspending' in WebAssembly
    ? import('onnxruntime-web/jspi')
    : import('onnxruntime-web/webgpu');
}

/** Everything that matters is thrown; the log would write it to the console a second time. */
const quiet = { logSeverityLevel: 4 } as const;

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
  const found = Object.hasOwn(devices, device) ? devices[device] : undefined;
  if (!found || !(await found.isUsable())) throw new DeviceError(device, await listWebDevices());
  const ort = await found.importBuild();
  configure(ort, options);
  const executor = engineExecutor(device, webEngine(ort, device), options);
  if (device !== 'wasm') return executor;
  return { ...executor, load: (graph, weights) => executor.load(wasmGraph(graph), weights) };
}

/** The devices that can be used here; `wasm` always can. */
export async function listWebDevices(): Promise<string[]> {
  const usable: string[] = [];
  for (const [device, { isUsable }] of Object.entries(devices)) {
    if (await isUsable()) usable.push(device);
  }
  return usable;
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
    async open(model, placement, data) {
      const session = await ort.InferenceSession.create(model, {
        ...sessionOptions(device, placement),
        externalData: data && 'files' in data ? data.files : [],
      });
      return {
        run: async (feeds) => fromOrtFeeds(await session.run(toOrtFeeds(ort.Tensor, feeds), quiet)),
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
    ...quiet,
    ...(strict ? { extra: { session: { disable_cpu_ep_fallback: '1' } } } : {}),
  };
}
