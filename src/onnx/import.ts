import { fromBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema, type GraphProto, type ModelProto, type NodeProto } from 'onnx-buf';
import type { Graph, Value } from '../graph/index.js';
import type { DType, Tensor } from '../tensor/index.js';
import { FoldingBuilder } from './foldingBuilder.js';
import { ForeignNode, isTensor, type Known, type Scope } from './foreignNode.js';
import { importRules } from './importRules.js';
import { isExternal, readInputType, readTensor } from './readProto.js';

/** The operator sets of ONNX that can be read. */
export const readableOpsets = { least: 7, most: 28 } as const;

export interface ImportOptions {
  /** Lengths of symbolic dimensions, such as `{ batch: 1 }`; of unnamed ones as `{ 'x.2': 64 }`. */
  readonly dimensions?: Readonly<Record<string, number>>;
  /** The bytes of initializers that are not in the model itself, by name. */
  readonly externalData?: ReadonlyMap<string, Uint8Array>;
}

/** A foreign model in our terms. */
export interface ImportedModel {
  /** Initializers are params under their names, shapes are static. */
  readonly graph: Graph;
  readonly weights: Map<string, Tensor>;
}

/**
 * Reads an ONNX model. What depends on shapes alone is computed; operators that we have none for are
 * composed from those we have.
 * @throws Error listing every operator, attribute, operator set and dimension that cannot be read.
 */
export function fromModelProto(
  model: Uint8Array | ModelProto,
  options: ImportOptions = {},
): ImportedModel {
  const proto = model instanceof Uint8Array ? decodeModel(model) : model;
  if (!proto.graph) throw new Error('expected an ONNX model with a graph, got none');
  return new Importer(proto, proto.graph, options).import();
}

/** @throws Error for bytes that are no ONNX model. */
export function decodeModel(bytes: Uint8Array): ModelProto {
  try {
    return fromBinary(ModelProtoSchema, bytes);
  } catch (error) {
    throw new Error('expected the bytes of an ONNX model', { cause: error });
  }
}

class Importer implements Scope {
  readonly builder = new FoldingBuilder();
  readonly opset: number;
  private readonly names = new Map<string, Known>();
  /** Names that a node did not give: they are reported once, where it stands. */
  private readonly missing = new Set<string>();
  /** Second outputs that no rule gives, by name: they are in the way only where something uses them. */
  private readonly absent = new Map<string, string>();
  /** By their elements: nodes such as Identity pass them on under other names. */
  private readonly initializers = new Map<Tensor, string>();
  private readonly materialised = new Map<Tensor, Value>();
  private readonly weights = new Map<string, Tensor>();
  private readonly problems: string[] = [];
  private readonly unknown = new Map<string, string[]>();

  constructor(
    model: ModelProto,
    private readonly graph: GraphProto,
    private readonly options: ImportOptions,
  ) {
    const opset = model.opsetImport.find(({ domain }) => domain === '' || domain === 'ai.onnx');
    this.opset = Number(opset?.version ?? 1n);
  }

  import(): ImportedModel {
    const { least, most } = readableOpsets;
    if (this.opset < least || this.opset > most) {
      this.problems.push(`expected operator set ${least} to ${most}, got ${this.opset}`);
    }
    this.declareInitializers();
    this.declareInputs();
    for (const node of this.graph.node) this.importNode(node);
    const outputs = this.outputs();
    for (const [operator, nodes] of this.unknown) {
      this.problems.push(`operator ${operator} is not supported: ${listed(nodes)}`);
    }
    if (this.problems.length > 0) {
      throw new Error(`the ONNX model cannot be read:\n  ${this.problems.join('\n  ')}`);
    }
    return { graph: this.builder.build(outputs), weights: this.weights };
  }

  known(name: string): Known {
    const known = this.names.get(name);
    if (known) return known;
    if (this.missing.has(name)) throw new Poisoned();
    const place = this.absent.get(name);
    if (place !== undefined) throw new Error(`${place} is not supported`);
    throw new Error(`expected ${name} to be defined before it is used`);
  }

  value(name: string): Value {
    const known = this.known(name);
    if (!isTensor(known)) return known;
    const value = this.materialised.get(known) ?? this.materialise(known);
    this.materialised.set(known, value);
    return value;
  }

  /** Floating-point initializers are params; scalars, integers and what nodes say are literals. */
  private materialise(elements: Tensor): Value {
    const name = this.initializers.get(elements);
    const isWeight = isFloat(elements.dtype) && elements.shape.length > 0;
    if (name === undefined || !isWeight) return this.builder.constant(elements);
    this.weights.set(name, elements);
    return this.builder.param(name, elements.shape, elements.dtype);
  }

  private declareInitializers(): void {
    for (const proto of this.graph.initializer) {
      const { name } = proto;
      this.attempt(`initializer ${name}`, [name], () => {
        const external = isExternal(proto) ? this.options.externalData?.get(name) : undefined;
        const elements = readTensor(proto, external);
        this.initializers.set(elements, name);
        this.names.set(name, elements);
      });
    }
    for (const { values } of this.graph.sparseInitializer) {
      this.problems.push(`initializer ${values?.name}: expected a dense one, got a sparse one`);
    }
  }

  private declareInputs(): void {
    const initializers = new Set(this.graph.initializer.map(({ name }) => name));
    for (const input of this.graph.input) {
      // Older models list their initializers among the inputs.
      if (initializers.has(input.name)) continue;
      this.attempt(`input ${input.name}`, [input.name], () => {
        const { dtype, shape } = readInputType(input, this.options.dimensions ?? {});
        this.names.set(input.name, this.builder.input(input.name, shape, dtype));
      });
    }
  }

  private importNode(proto: NodeProto): void {
    const { opType, domain, output } = proto;
    const label = proto.name || output[0];
    const isDefault = domain === '' || domain === 'ai.onnx';
    if (!isDefault || !Object.hasOwn(importRules, opType)) {
      const operator = isDefault ? opType : `${domain}.${opType}`;
      this.unknown.set(operator, [...(this.unknown.get(operator) ?? []), label]);
      for (const name of output) this.missing.add(name);
      return;
    }
    this.attempt(`${opType} ${label}`, output, () => {
      const node = new ForeignNode(proto, this);
      const result = importRules[opType](node);
      const unasked = node.attributes.unasked();
      if (unasked.length > 0) throw new Error(`attribute ${unasked.join(', ')} is not supported`);
      const results = Array.isArray(result) ? (result as readonly Known[]) : [result as Known];
      output.forEach((name, i) => {
        if (i < results.length) this.names.set(name, results[i]);
        else this.absent.set(name, `output ${i} of ${opType} ${label}`);
      });
    });
  }

  private outputs(): Record<string, Value> {
    const outputs: Record<string, Value> = {};
    for (const { name } of this.graph.output) {
      this.attempt(`output ${name}`, [], () => {
        outputs[name] = this.value(name);
      });
    }
    return outputs;
  }

  /** Notes what goes wrong and goes on; what depends on it is passed over without a word. */
  private attempt(place: string, defines: readonly string[], step: () => void): void {
    try {
      step();
    } catch (error) {
      for (const name of defines) this.missing.add(name);
      if (error instanceof Poisoned) return;
      this.problems.push(`${place}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

/** Thrown where a node uses what could not be read, which has been reported already. */
class Poisoned extends Error {}

function isFloat(dtype: DType): boolean {
  return dtype.includes('float');
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 8).join(', ');
  return names.length > 8 ? `${shown} and ${names.length - 8} more` : shown;
}
