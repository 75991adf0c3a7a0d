import { elementCount } from '../tensor/index.js';
import { nodeWork, type Work } from './cost.js';
import type { Graph } from './ir.js';

/** The part of a graph's cost that falls to one of its stages. */
export interface StageCost extends Work {
  readonly parameters: number;
  readonly tensors: number;
}

const nothing: StageCost = { parameters: 0, tensors: 0, macs: 0, flops: 0 };

/**
 * Splits a graph's parameters and work by stage, in the order of the params. `stageOf` maps a param's
 * name to its stage. A node belongs to the stage of the weight that it uses, and one without a weight
 * to that of the node before it.
 */
export function costByStage(
  graph: Graph,
  stageOf: (paramName: string) => string,
): ReadonlyMap<string, StageCost> {
  const stages = new Map<string, StageCost>();
  const add = (stage: string, part: Partial<StageCost>): void => {
    const sofar = stages.get(stage) ?? nothing;
    stages.set(stage, {
      parameters: sofar.parameters + (part.parameters ?? 0),
      tensors: sofar.tensors + (part.tensors ?? 0),
      macs: sofar.macs + (part.macs ?? 0),
      flops: sofar.flops + (part.flops ?? 0),
    });
  };
  for (const { name, shape } of graph.params) {
    add(stageOf(name), { parameters: elementCount(shape), tensors: 1 });
  }
  const nodeStages = stagesOfNodes(graph, stageOf);
  graph.nodes.forEach((node, i) => {
    const stage = nodeStages[i];
    if (stage !== undefined) add(stage, nodeWork(node));
  });
  return stages;
}

/** The stage of each node, in order. What is computed from weights alone counts as a weight. */
function stagesOfNodes(
  graph: Graph,
  stageOf: (paramName: string) => string,
): (string | undefined)[] {
  const weights = new Map(graph.params.map(({ id, name }) => [id, stageOf(name)]));
  const own = graph.nodes.map(({ inputs, output }) => {
    const stages = inputs.flatMap(({ id }) => weights.get(id) ?? []);
    const stage = stages.at(-1);
    if (stage !== undefined && stages.length === inputs.length) weights.set(output.id, stage);
    return stage;
  });
  let current = own.find((stage) => stage !== undefined);
  return own.map((stage) => (current = stage ?? current));
}
