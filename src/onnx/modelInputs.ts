import { create } from '@bufbuild/protobuf';
import { ModelProtoSchema, ValueInfoProtoSchema, type ModelProto, type NodeProto } from 'onnx-buf';
import type { Shape } from '../tensor/index.js';

/** Lengths for the dimensions of a model's inputs that have none, by their place in `shape`: what `fromModelProto` takes. */
export function openDimensions({ graph }: ModelProto, shape: Shape): Record<string, number> {
  const initializers = new Set(graph?.initializer.map(({ name }) => name));
  const inputs = graph?.input.filter(({ name }) => !initializers.has(name)) ?? [];
  const lengths = inputs.flatMap(({ name, type }) => {
    if (type?.value.case !== 'tensorType') return [];
    const dims = type.value.value.shape?.dim ?? [];
    return dims.flatMap(({ value }, axis): [string, number][] => {
      const symbol = value.case === 'dimParam' && value.value !== '' ? value.value : null;
      return [[symbol ?? `${name}.${axis}`, shape[axis] ?? 1]];
    });
  });
  return Object.fromEntries(lengths);
}

/**
 * A model that gives other results: named outputs, or values between its nodes. What only served others is left out.
 * @throws Error naming results that the model does not compute, and those that it gives by itself.
 */
export function selectOutputs(model: ModelProto, names: readonly string[]): ModelProto {
  const { graph } = model;
  const nodes = graph?.node ?? [];
  const makers = new Map(nodes.flatMap((node) => node.output.map((name) => [name, node] as const)));
  const absent = names.filter((name) => !makers.has(name));
  if (!graph || absent.length > 0) {
    const own = graph?.output.map(({ name }) => name).join(', ') ?? '';
    throw new Error(
      `expected results named ${absent.join(', ')}, got a model without them (its outputs: ${own})`,
    );
  }
  const kept = new Set<NodeProto>();
  const needed = [...names];
  for (let name = needed.pop(); name !== undefined; name = needed.pop()) {
    const node = makers.get(name);
    if (!node || kept.has(node)) continue;
    kept.add(node);
    needed.push(...node.input);
  }
  return create(ModelProtoSchema, {
    ...model,
    graph: {
      ...graph,
      node: nodes.filter((node) => kept.has(node)),
      output: names.map((name) => create(ValueInfoProtoSchema, { name })),
    },
  });
}
