import { InferenceSession, listSupportedBackends, Tensor as OrtTensor } from 'onnxruntime-node';
import {
  checkFeeds,
  checkParams,
  type Executor,
  type Feeds,
  type Graph,
  type RunOptions,
  type Session,
} from '../graph/index.js';
import { encodeModel, toModelProto } from '../onnx/index.js';
import type { Tensor } from '../tensor/index.js';
import { DeviceError } from './devices.js';
import { fromOrtTensor } from './ortTensor.js';

export interface NodeExecutorOptions {
  /** An execution provider of ONNX Runtime: `cpu` (default), `webgpu`, `cuda`, `coreml`, `dml`, ... */
  readonly device?: string;
  /** Threads inside an operator; by default one a physical core. */
  readonly threads?: number;
}

/** The devices that this build of ONNX Runtime can be asked for. */
export function listNodeDevices(): string[] {
  return listSupportedBackends().map((backend) => backend.name);
}

/**
 * ONNX Runtime in this thread. `run` is native and blocks the thread while it computes; see
 * `createWorkerExecutor` for one that does not.
 * @throws DeviceError listing the devices there are.
 */
export function createNodeExecutor(options: NodeExecutorOptions = {}): Executor {
  const device = options.device ?? 'cpu';
  const available = listNodeDevices();
  if (!available.includes(device)) throw new DeviceError(device, available);
  return {
    device,
    async load(graph, weights) {
      checkParams(graph, weights);
      const bytes = encodeModel(toModelProto(graph, weights));
      return openSession(graph, bytes, device, options);
    },
  };
}

async function openSession(
  graph: Graph,
  model: Uint8Array,
  device: string,
  { threads }: NodeExecutorOptions,
): Promise<Session> {
  const native = await createSession(model, device, threads);
  let disposed = false;
  return {
    async run(feeds: Feeds, { signal }: RunOptions = {}): Promise<Feeds> {
      if (disposed) throw new Error('expected a live session, got one that was disposed of');
      signal?.throwIfAborted();
      checkFeeds(graph, feeds);
      const fed: Record<string, OrtTensor> = {};
      for (const [name, value] of Object.entries(feeds)) fed[name] = toOrt(value);
      const results = await native.run(fed);
      signal?.throwIfAborted();
      const outputs: Record<string, Tensor> = {};
      for (const name of Object.keys(graph.outputs)) outputs[name] = fromOrtTensor(results[name]);
      return outputs;
    },
    async [Symbol.asyncDispose](): Promise<void> {
      if (disposed) return;
      disposed = true;
      await native.release();
    },
  };
}

async function createSession(
  model: Uint8Array,
  device: string,
  threads: number | undefined,
): Promise<InferenceSession> {
  try {
    return await InferenceSession.create(model, {
      executionProviders: [device],
      graphOptimizationLevel: 'all',
      logSeverityLevel: 3,
      ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
    });
  } catch (error) {
    if (device === 'cpu') throw error;
    throw new DeviceError(device, ['cpu'], error);
  }
}

function toOrt({ dtype, shape, data }: Tensor): OrtTensor {
  if (dtype === 'bfloat16') throw new Error('expected a dtype of ONNX Runtime, got bfloat16');
  return new OrtTensor(dtype, data as Float32Array, shape);
}
