import { sameShape } from '../tensor/index.js';
import { inferType, type ValueType } from './infer.js';
import type { Graph, Node, Value } from './ir.js';
import { formatType } from './print.js';

/**
 * Checks that a graph is one: every value defined once and before its use, names unique, the recorded
 * types those that inference finds, outputs and taps values of the graph.
 * @throws Error listing every problem at once.
 */
export function verifyGraph(graph: Graph): void {
  const problems = [
    ...nameProblems(graph),
    ...definitionProblems(graph),
    ...graph.nodes.flatMap(typeProblems),
  ];
  if (problems.length > 0) throw new Error(`the graph is not valid: ${problems.join('; ')}`);
}

function nameProblems(graph: Graph): string[] {
  const problems: string[] = [];
  const named = new Map<string, number>();
  for (const { name, id } of [...graph.inputs, ...graph.params]) {
    if (name === '') problems.push(`%${id}: expected a name, got an empty one`);
    if (named.has(name)) problems.push(`${name}: expected one input or param, got another`);
    named.set(name, id);
  }
  const outputs = Object.entries(graph.outputs);
  if (outputs.length === 0) problems.push('expected an output, got none');
  for (const [name, { id }] of outputs) {
    if (name === '') problems.push(`%${id}: expected an output's name, got an empty one`);
    if (named.has(name) && named.get(name) !== id) {
      problems.push(`output ${name}: expected a name of its own, got that of an input or param`);
    }
  }
  const taps = graph.taps.map((tap) => tap.name);
  const repeated = new Set(taps.filter((name, i) => taps.indexOf(name) !== i));
  for (const name of repeated) problems.push(`tap ${name}: expected one, got another`);
  return problems;
}

function definitionProblems(graph: Graph): string[] {
  const problems: string[] = [];
  const defined = new Map<number, Value>();
  const define = (value: Value): void => {
    if (defined.has(value.id)) problems.push(`%${value.id}: expected one definition, got another`);
    defined.set(value.id, value);
  };
  const use = (value: Value, place: string): void => {
    const definition = defined.get(value.id);
    if (!definition) problems.push(`${place}: expected a value defined before, got %${value.id}`);
    else if (!sameType(definition, value)) {
      const [wanted, found] = [definition, value].map(formatType);
      problems.push(`${place}: expected %${value.id} to be ${wanted}, got ${found}`);
    }
  };
  [...graph.inputs, ...graph.params].forEach(define);
  for (const node of graph.nodes) {
    node.inputs.forEach((input, i) => use(input, `${placeOf(node)} operand ${i}`));
    define(node.output);
  }
  for (const [name, value] of Object.entries(graph.outputs)) use(value, `output ${name}`);
  for (const { name, value } of graph.taps) use(value, `tap ${name}`);
  return problems;
}

function typeProblems(node: Node): string[] {
  try {
    const inferred = inferType(node.op, node.inputs, node.attributes);
    if (sameType(inferred, node.output)) return [];
    return [`${placeOf(node)}: expected ${formatType(inferred)}, got ${formatType(node.output)}`];
  } catch (error) {
    return [`%${node.output.id} = ${(error as Error).message}`];
  }
}

function placeOf(node: Node): string {
  return `%${node.output.id} = ${node.op}`;
}

function sameType(a: ValueType, b: ValueType): boolean {
  return a.dtype === b.dtype && sameShape(a.shape, b.shape);
}
