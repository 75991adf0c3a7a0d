import './noTelemetry-node.js';
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import type { Engine, MemoryUse, ModelData, Opened, Placement } from './engine.js';
import { fromOrtFeeds, toOrtFeeds } from './ortTensor.js';
import { createQueue } from './queue.js';

/** Everything that matters is thrown; the log would write it to stderr a second time. */
const quiet = { logSeverityLevel: 4 } as const;

export interface NodeEngineOptions {
  readonly device: string;
  readonly threads?: number | undefined;
}

/** ONNX Runtime in this thread. */
export function createNodeEngine(options: NodeEngineOptions): Engine {
  return {
    queue: createQueue(),
    open: (model, placement, data, memory) => openModel(model, placement, data, memory, options),
  };
}

async function openModel(
  model: Uint8Array,
  placement: Placement,
  data: ModelData | undefined,
  memory: MemoryUse | undefined,
  { device, threads }: NodeEngineOptions,
): Promise<Opened> {
  const strict = placement === 'strict' && device !== 'cpu';
  const native = await InferenceSession.create(model, {
    executionProviders: [device],
    graphOptimizationLevel: 'all',
    // What the first run has allocated is held beside the plan.
    enableMemPattern: memory === 'planned',
    ...quiet,
    ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
    ...(data && 'files' in data ? { externalData: data.files } : {}),
    extra: {
      session: {
        ...(strict ? { disable_cpu_ep_fallback: '1' } : {}),
        ...(data && 'folder' in data
          ? { model_external_initializers_file_folder_path: data.folder }
          : {}),
      },
    },
  });
  return {
    run: async (feeds) => fromOrtFeeds(await native.run(toOrtFeeds(OrtTensor, feeds), quiet)),
    release: () => native.release(),
  };
}
