import type { Feeds, Graph } from '../../src/graph/index.js';
import { createNodeExecutor } from '../../src/runtime/ort-node.js';
import type { Weights } from '../../src/tensor/index.js';

/** Runs a graph once on the CPU through ONNX Runtime; its taps become outputs, `tap:NAME`. */
export async function runWithTaps(graph: Graph, weights: Weights, feeds: Feeds): Promise<Feeds> {
  const taps = graph.taps.map(({ name, value }) => [`tap:${name}`, value] as const);
  const outputs = { ...graph.outputs, ...Object.fromEntries(taps) };
  await using session = await createNodeExecutor().load({ ...graph, outputs }, weights);
  return await session.run(feeds);
}
