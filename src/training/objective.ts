import { continueGraph, differentiate, type Graph, type Value } from '../graph/index.js';
import { totalLoss, type WeightedLoss } from './losses.js';

/**
 * What one training step runs: inputs are the network's own, `target`, and every param (so that they can
 * change from step to step); outputs `loss` and `grad:NAME` for each param. Forward and backward are one
 * graph.
 */
export function trainingGraph(
  network: Graph,
  prediction: string,
  losses: readonly WeightedLoss[],
): Graph {
  const forward = withLoss(network, prediction, losses);
  const names = network.params.map((param) => param.name);
  const backward = differentiate(forward, 'loss', names);
  const { builder, valueOf } = continueGraph(backward, new Set(names));
  const outputs: Record<string, Value> = {};
  for (const [name, value] of Object.entries(backward.outputs)) outputs[name] = valueOf(value);
  return builder.build(outputs);
}

function withLoss(network: Graph, prediction: string, losses: readonly WeightedLoss[]): Graph {
  if (!Object.hasOwn(network.outputs, prediction)) {
    const found = Object.keys(network.outputs).join(', ');
    throw new Error(`expected an output named ${prediction}, got ${found}`);
  }
  // Taps keep alive what the loss does not need; a training step has no use for them.
  const { builder, valueOf } = continueGraph({ ...network, taps: [] });
  const predicted = valueOf(network.outputs[prediction]);
  const target = builder.input('target', predicted.shape, predicted.dtype);
  return builder.build({ loss: totalLoss(builder, losses, predicted, target) });
}
