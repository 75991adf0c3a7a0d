import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import type { Engine, Opened, Placement } from './engine.js';
import { fromOrtFeeds, toOrtFeeds } from './ortTensor.js';
import { createQueue } from './queue.js';

export interface NodeEngineOptions {
  readonly device: string;
  readonly threads?: number | undefined;
}

/** ONNX Runtime in this thread. */
export function createNodeEngine(options: NodeEngineOptions): Engine {
  return {
    queue: createQueue(),
    open: (model, placement) => openModel(model, placement, options),
  };
}

async function openModel(
  model: Uint8Array,
  placement: Placement,
  { device, threads }: NodeEngineOptions,
): Promise<Opened> {
  const strict = placement === 'strict' && device !== 'cpu';
  const native = await InferenceSession.create(model, {
    executionProviders: [device],
    graphOptimizationLevel: 'all',
    // Everything that matters is thrown; the log would write it to stderr a second time.
    logSeverityLevel: 4,
    ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
    ...(strict ? { extra: { session: { disable_cpu_ep_fallback: '1' } } } : {}),
  });
  return {
    run: async (feeds) => fromOrtFeeds(await native.run(toOrtFeeds(OrtTensor, feeds))),
    release: () => native.release(),
  };
}
