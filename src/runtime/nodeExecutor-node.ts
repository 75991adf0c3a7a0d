import { graphCost, type Executor, type Graph, type Session } from '../graph/index.js';
import { emitRules, nativeBlockRules } from '../onnx/index.js';
import { mapCheckpoint } from '../onnx/mapped-node.js';
import type { Checkpoint } from '../weights/index.js';
import { blockedGraph, wantsBlocks } from './blockedGraph.js';
import { findBlockSize } from './blockSize.js';
import { cpuGraph } from './cpuGraph.js';
import { stepProducts } from './stepProducts.js';
import {
  engineExecutor,
  loadModel,
  modelEncoder,
  plainSuiting,
  type Engine,
  type FallbackOptions,
  type Suiting,
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
  const suit = device === 'cpu' ? cpuSuit(engine) : unchanged;
  return {
    device,
    async load(plain, weights) {
      const { graph, suiting } = await suit(plain);
      return engineExecutor(device, engine, options, suiting).load(graph, weights);
    },
    async loadMapped(plain, checkpoint) {
      const { graph, suiting } = await suit(plain);
      const { folder, initializers } = await mapCheckpoint(graph, checkpoint);
      const { rules, memory } = suiting;
      const encode = modelEncoder(initializers, rules);
      return loadModel(device, engine, graph, { encode, data: { folder }, memory }, options);
    },
  };
}

/** A graph as a device computes it fastest, and what that needs. */
interface Suited {
  readonly graph: Graph;
  readonly suiting: Suiting;
}

function unchanged(graph: Graph): Promise<Suited> {
  return Promise.resolve({ graph, suiting: plainSuiting });
}

/** The smallest block of channels that a processor's kernels may have. */
const SMALLEST_BLOCK = 8;
/** A training step that needs less than this at its peak may take it twice: it is 3 % faster so. */
const PLANNED_BYTES = 1e9;

function cpuSuit(engine: Engine): (graph: Graph) => Promise<Suited> {
  // Found once, when a graph first asks.
  let found: Promise<number | null> | undefined;
  return async (plain) => {
    const graph = cpuGraph(plain);
    if (!wantsBlocks(graph, SMALLEST_BLOCK)) return unchanged(graph);
    found ??= engine.queue(() => findBlockSize(engine));
    const blockSize = await found;
    if (blockSize === null) return unchanged(graph);
    const rules = { ...emitRules, ...nativeBlockRules(blockSize) };
    const isSmall = graphCost(graph).peakBytes < PLANNED_BYTES;
    const suiting = { rules, memory: isSmall ? 'planned' : 'asNeeded' } as const;
    return { graph: blockedGraph(stepProducts(graph), blockSize), suiting };
  };
}
