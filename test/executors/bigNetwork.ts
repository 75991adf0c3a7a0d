import { GraphBuilder, type Feeds, type Graph, type Value } from '../../src/graph/index.js';
import { float32, type Tensor, type Weights } from '../../src/tensor/index.js';

const width = 1024;
const layers = 5;

export const bigNetworkBytes = layers * width * width * 4;

/** A network whose weights weigh 20 MiB, and whose work is light: x plus all of them. */
export interface BigNetwork {
  readonly graph: Graph;
  readonly weights: Weights;
  readonly feeds: Feeds;
  /** What every element of the output `y` is. */
  readonly answer: number;
}

export function bigNetwork(): BigNetwork {
  const builder = new GraphBuilder();
  const weights = new Map<string, Tensor>();
  let sum: Value = builder.input('x', [1, width]);
  for (let layer = 1; layer <= layers; layer++) {
    sum = builder.add(sum, builder.param(`weight${layer}`, [width, width]));
    const elements = new Float32Array(width * width).fill(layer);
    weights.set(`weight${layer}`, float32([width, width], elements));
  }
  const firstRow = { starts: [0, 0], ends: [1, width], steps: [1, 1] };
  const y = builder.apply('slice', [sum], firstRow);
  const feeds = { x: float32([1, width], new Float32Array(width).fill(0.5)) };
  return { graph: builder.build({ y }), weights, feeds, answer: 15.5 };
}
