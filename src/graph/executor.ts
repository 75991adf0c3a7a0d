import type { Tensor, Weights } from '../tensor/index.js';
import type { Graph } from './ir.js';

/** Tensors by the names of a graph's inputs or outputs. */
export type Feeds = Readonly<Record<string, Tensor>>;

export interface RunOptions {
  /** Cancels before the run starts, or drops its result; a run in progress is not torn apart. */
  readonly signal?: AbortSignal;
}

/** A graph made ready to run, holding its weights. Dispose of it to give the memory back. */
export interface Session extends AsyncDisposable {
  /**
   * Computes every output.
   * @throws Error naming each missing, unexpected or misshapen input; the signal's reason when aborted.
   */
  run(feeds: Feeds, options?: RunOptions): Promise<Feeds>;
}

/** Something that runs graphs: the interpreter, or ONNX Runtime on a device. */
export interface Executor {
  /** The device name, as the user gave it: `cpu`, `webgpu`, `cuda`, ... */
  readonly device: string;
  /**
   * Prepares a graph.
   * @throws Error listing every param whose weight is missing or has another shape.
   */
  load(graph: Graph, weights: Weights): Promise<Session>;
}

/**
 * Checks feeds against a graph's inputs.
 * @throws Error listing every missing, unexpected or misshapen input at once.
 */
export function checkFeeds(graph: Graph, feeds: Feeds): void {
  const problems = graph.inputs.flatMap((input) => {
    const fed = Object.hasOwn(feeds, input.name) ? feeds[input.name] : undefined;
    return describeMismatch(input.name, input, fed);
  });
  const known = new Set(graph.inputs.map((input) => input.name));
  for (const name of Object.keys(feeds))
    if (!known.has(name)) problems.push(`${name}: not an input`);
  if (problems.length > 0) throw new Error(`inputs do not fit the graph: ${problems.join('; ')}`);
}

/**
 * Checks weights against a graph's params; weights the graph does not ask for are allowed, as a
 * checkpoint may hold more than one network.
 * @throws Error listing every missing or misshapen weight at once.
 */
export function checkParams(graph: Graph, weights: Weights): void {
  const problems = graph.params.flatMap((param) =>
    describeMismatch(param.name, param, weights.get(param.name)),
  );
  if (problems.length > 0) throw new Error(`weights do not fit the graph: ${problems.join('; ')}`);
}

function describeMismatch(
  name: string,
  expected: { readonly shape: readonly number[]; readonly dtype: string },
  got: Tensor | undefined,
): string[] {
  const wanted = `${expected.dtype} [${expected.shape.join(', ')}]`;
  if (!got) return [`${name}: expected ${wanted}, got nothing`];
  const found = `${got.dtype} [${got.shape.join(', ')}]`;
  return wanted === found ? [] : [`${name}: expected ${wanted}, got ${found}`];
}
