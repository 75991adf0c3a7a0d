import { continueGraph, differentiate, type Graph, type Value } from '../../graph/index.js';
import { totalLoss, type WeightedLoss } from '../losses/losses.js';

/**
 * What one training step runs, of a graph with the scalar output `loss`: inputs are the graph's own and
 * every param (so that they can change from step to step); outputs `loss` and `grad:NAME` for each param.
 * Forward and backward are one graph.
 */
export function gradientGraph(forward: Graph): Graph {
  return playersGraph(forward, { loss: forward.params });
}

/** The same where each of several scalar outputs is the loss of some of the params. */
export function playersGraph(
  forward: Graph,
  players: Readonly<Record<string, Graph['params']>>,
): Graph {
  const losses = Object.keys(players).map((loss) => [loss, forward.outputs[loss]] as const);
  // Taps keep alive what the losses do not need; a training step has no use for them.
  let backward: Graph = { ...forward, outputs: Object.fromEntries(losses), taps: [] };
  for (const [loss, params] of Object.entries(players)) {
    backward = differentiate(
      backward,
      loss,
      params.map(({ name }) => name),
    );
  }
  const names = forward.params.map(({ name }) => name);
  const { builder, valueOf } = continueGraph(backward, new Set(names));
  const outputs: Record<string, Value> = {};
  for (const [name, value] of Object.entries(backward.outputs)) outputs[name] = valueOf(value);
  return builder.build(outputs);
}

/** The gradient graph of losses between an output of a network and an input, `target`. */
export function trainingGraph(
  network: Graph,
  prediction: string,
  losses: readonly WeightedLoss[],
): Graph {
  return gradientGraph(lossGraph(network, prediction, losses));
}

/** A network with losses between an output and a new input, `target`: its one output is `loss`. */
export function lossGraph(
  network: Graph,
  prediction: string,
  losses: readonly WeightedLoss[],
): Graph {
  if (!Object.hasOwn(network.outputs, prediction)) {
    const found = Object.keys(network.outputs).join(', ');
    throw new Error(`expected an output named ${prediction}, got ${found}`);
  }
  const { builder, valueOf } = continueGraph({ ...network, taps: [] });
  const predicted = valueOf(network.outputs[prediction]);
  const target = builder.input('target', predicted.shape, predicted.dtype);
  return builder.build({ loss: totalLoss(builder, losses, predicted, target) });
}
