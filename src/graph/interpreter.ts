import { elementCount, fromFloat64, toFloat64, type Tensor } from '../tensor/index.js';
import { evaluateNode } from './evaluate.js';
import {
  checkFeeds,
  checkParams,
  type Executor,
  type Feeds,
  type RunOptions,
  type Session,
} from './executor.js';
import type { Graph, NamedValue } from './ir.js';
import { lastReads } from './liveness.js';

/** Numbers by name, as `evaluateGraph` takes and gives them. */
export type Numbers = Readonly<Record<string, Float64Array>>;

/**
 * Computes every output in float64, whatever the graph's dtypes are; `feeds` holds the elements of
 * every input and param.
 * @throws Error listing every missing, unexpected or misshapen feed at once.
 */
export function evaluateGraph(
  graph: Graph,
  feeds: Readonly<Record<string, Float64Array | Tensor>>,
): Numbers {
  const numbers: Record<string, Float64Array> = {};
  for (const [name, fed] of Object.entries(feeds)) {
    numbers[name] = fed instanceof Float64Array ? fed : toFloat64(fed);
  }
  const named = [...graph.inputs, ...graph.params];
  checkNumbers(named, numbers);
  return evaluateValues(graph, new Map(named.map(({ id, name }) => [id, numbers[name]])));
}

/** The interpreter as an executor: the reference that the others are held against, and a slow one. */
export function createInterpreter(): Executor {
  return {
    device: 'interpreter',
    load: (graph, weights) =>
      Promise.resolve().then(() => {
        checkParams(graph, weights);
        const params = graph.params.map(({ id, name }): [number, Float64Array] => {
          const weight = weights.get(name);
          return [id, weight ? toFloat64(weight) : new Float64Array()];
        });
        return openSession(graph, new Map(params));
      }),
  };
}

function openSession(graph: Graph, params: Map<number, Float64Array>): Session {
  let disposed = false;
  const compute = (feeds: Feeds, { signal }: RunOptions): Feeds => {
    if (disposed) throw new Error('expected a live session, got one that was disposed of');
    signal?.throwIfAborted();
    checkFeeds(graph, feeds);
    const values = new Map(params);
    for (const { id, name } of graph.inputs) values.set(id, toFloat64(feeds[name]));
    const outputs: Record<string, Tensor> = {};
    for (const [name, numbers] of Object.entries(evaluateValues(graph, values))) {
      const { dtype, shape } = graph.outputs[name];
      outputs[name] = fromFloat64(dtype, shape, numbers);
    }
    return outputs;
  };
  return {
    run: (feeds, options = {}) => Promise.resolve().then(() => compute(feeds, options)),
    [Symbol.asyncDispose]: () => {
      disposed = true;
      params.clear();
      return Promise.resolve();
    },
  };
}

/** Runs the nodes; a value is dropped from `values` after its last use. */
function evaluateValues(graph: Graph, values: Map<number, Float64Array>): Numbers {
  const valueOf = (id: number): Float64Array => {
    const data = values.get(id);
    if (!data) throw new Error(`expected %${id} to be computed before it is used`);
    return data;
  };
  const finished = lastReads(graph);
  graph.nodes.forEach((node, i) => {
    const operands = node.inputs.map(({ id, shape, dtype }) => ({
      shape,
      dtype,
      data: valueOf(id),
    }));
    values.set(node.output.id, evaluateNode(node, operands));
    for (const { id } of finished[i]) values.delete(id);
  });
  const outputs: Record<string, Float64Array> = {};
  for (const [name, { id }] of Object.entries(graph.outputs)) outputs[name] = valueOf(id);
  return outputs;
}

function checkNumbers(named: readonly NamedValue[], numbers: Numbers): void {
  const known = new Set(named.map(({ name }) => name));
  const problems = Object.keys(numbers)
    .filter((name) => !known.has(name))
    .map((name) => `${name}: not an input or param`);
  for (const { name, shape } of named) {
    const wanted = elementCount(shape);
    const got = Object.hasOwn(numbers, name) ? numbers[name].length : 0;
    if (got !== wanted) problems.push(`${name}: expected ${wanted} numbers, got ${got}`);
  }
  if (problems.length > 0) throw new Error(`feeds do not fit the graph: ${problems.join('; ')}`);
}
