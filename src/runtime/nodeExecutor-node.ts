import type { Executor, Graph, Session } from '../graph/index.js';
import { mapCheckpoint } from '../onnx/mapped-node.js';
import type { Checkpoint } from '../weights/index.js';
import { cpuGraph } from './cpuGraph.js';
import {
  engineExecutor,
  executableModel,
  loadModel,
  type Engine,
  type FallbackOptions,
} from './engine.js';

/** An executor on this machine, which can also take weights from where they are. */
export interface NodeExecutor extends Executor {
  /**
   * Prepares a graph whose weights stay in the files of a checkpoint: nothing is read here, ONNX Runtime
   * maps what it needs. Weights stored in another floating-point dtype are cast as it loads them. The
   * files must not change while the session lives; the checkpoint may be closed.
   * @throws Error listing every param whose weight is missing or does not fit.
   */
  loadMapped(graph: Graph, checkpoint: Checkpoint): Promise<Session>;
}

/** An executor over an engine of this machine. */
export function nodeExecutor(
  device: string,
  engine: Engine,
  options: FallbackOptions,
): NodeExecutor {
  const executor = engineExecutor(device, engine, options);
  const suited = (graph: Graph): Graph => (device === 'cpu' ? cpuGraph(graph) : graph);
  return {
    ...executor,
    load: (graph, weights) => executor.load(suited(graph), weights),
    async loadMapped(plain, checkpoint) {
      const graph = suited(plain);
      const { folder, initializers } = await mapCheckpoint(graph, checkpoint);
      const encode = (): Uint8Array => executableModel(graph, initializers);
      return loadModel(device, engine, graph, { encode, data: { folder } }, options);
    },
  };
}
