import { GraphBuilder } from './builder.js';
import type { Graph, NamedValue, Value } from './ir.js';
import type { Attributes, Op } from './operators.js';
import { vjpRules } from './vjp.js';
import type { Cotangent, VjpRule } from './vjpRule.js';

/** A graph continued: the builder that holds all of it, and where each old value is now. */
export interface Continuation {
  readonly builder: GraphBuilder;
  readonly valueOf: (value: Value) => Value;
}

/** Copies a graph into a fresh builder, so that more can be added to it. */
export function continueGraph(graph: Graph, paramsAsInputs = new Set<string>()): Continuation {
  const builder = new GraphBuilder();
  const moved = new Map<number, Value>();
  const valueOf = (value: Value): Value => {
    const found = moved.get(value.id);
    if (!found) throw new Error(`expected a value of the graph, got %${value.id}`);
    return found;
  };
  for (const input of graph.inputs) {
    moved.set(input.id, builder.input(input.name, input.shape, input.dtype));
  }
  for (const { id, name, shape, dtype } of graph.params) {
    const declare = paramsAsInputs.has(name) ? 'input' : 'param';
    moved.set(id, builder[declare](name, shape, dtype));
  }
  for (const node of graph.nodes) {
    moved.set(node.output.id, builder.apply(node.op, node.inputs.map(valueOf), node.attributes));
  }
  for (const tap of graph.taps) builder.tap(tap.name, valueOf(tap.value), tap.reduction);
  return { builder, valueOf };
}

/**
 * The graph of a scalar output's gradients: everything `graph` computes, plus an output
 * `grad:NAME` for each name in `wrt` (inputs or params), of that value's shape. A value the loss does
 * not depend on gets zeros. Reverse accumulation over the vjp table.
 * @throws Error when the loss is not a scalar output or a name is unknown.
 */
export function differentiate(graph: Graph, loss: string, wrt: readonly string[]): Graph {
  const output = Object.hasOwn(graph.outputs, loss) ? graph.outputs[loss] : undefined;
  if (!output || output.shape.some((n) => n !== 1)) {
    const found = output ? `[${output.shape.join(', ')}]` : 'no such output';
    throw new Error(`differentiate: expected ${loss} to be a scalar output, got ${found}`);
  }
  const taken = wrt.filter((name) => Object.hasOwn(graph.outputs, `grad:${name}`));
  if (taken.length > 0) {
    throw new Error(`differentiate: expected no output grad:${taken[0]} yet, got one`);
  }
  const { builder, valueOf } = continueGraph(graph);
  const targets = wrt.map((name) => {
    const target = [...graph.inputs, ...graph.params].find((value) => value.name === name);
    if (!target) throw new Error(`differentiate: expected an input or param, got ${name}`);
    return target;
  });
  const gradients = backward(builder, graph, valueOf, output, targets);
  const outputs: Record<string, Value> = {};
  for (const [name, value] of Object.entries(graph.outputs)) outputs[name] = valueOf(value);
  targets.forEach((target, i) => (outputs[`grad:${target.name}`] = gradients[i]));
  return builder.build(outputs);
}

function backward(
  b: GraphBuilder,
  graph: Graph,
  valueOf: (value: Value) => Value,
  loss: Value,
  targets: readonly NamedValue[],
): Value[] {
  const active = valuesThatDependOn(graph, targets);
  const gradients = new Map<number, Value>();
  const one = b.scalar(1, loss.dtype);
  gradients.set(loss.id, loss.shape.length === 0 ? one : b.reshape(one, loss.shape));
  for (const node of [...graph.nodes].reverse()) {
    const dy = gradients.get(node.output.id);
    if (!dy || !active.has(node.output.id)) continue;
    const wanted = node.inputs.map((input) => active.has(input.id));
    const at = {
      inputs: node.inputs.map(valueOf),
      attributes: node.attributes,
      output: valueOf(node.output),
      dy,
      wanted,
    };
    applyRule(b, node.op, at).forEach((gradient, i) => {
      if (!gradient || !wanted[i]) return;
      const { id } = node.inputs[i];
      const sofar = gradients.get(id);
      gradients.set(id, sofar ? b.add(sofar, gradient) : gradient);
    });
  }
  return targets.map(
    ({ id, shape, dtype }) => gradients.get(id) ?? b.expand(b.scalar(0, dtype), shape),
  );
}

function applyRule<O extends Op>(b: GraphBuilder, op: O, at: Cotangent): (Value | null)[] {
  const rule: VjpRule<Attributes[O]> = vjpRules[op];
  return rule(b, at as Cotangent<Attributes[O]>);
}

function valuesThatDependOn(graph: Graph, targets: readonly NamedValue[]): Set<number> {
  const active = new Set(targets.map((target) => target.id));
  for (const node of graph.nodes) {
    if (node.inputs.some((input) => active.has(input.id))) active.add(node.output.id);
  }
  return active;
}
