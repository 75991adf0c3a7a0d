import { describe, expect, it } from 'vitest';
import { GraphBuilder } from './builder.js';
import { graphCost } from './cost.js';
import { costByStage } from './costByStage.js';
import type { Graph } from './ir.js';

/** Two convolutions, an activation between, and a skip over all: 8x8 pixels, 3 -> 16 -> 3 channels. */
function residualBlock(): Graph {
  const b = new GraphBuilder();
  const x = b.input('x', [1, 3, 8, 8]);
  const pads = [1, 1, 1, 1] as const;
  const first = b.conv(x, b.param('conv1.weight', [16, 3, 3, 3]), b.param('conv1.bias', [16]), {
    pads,
  });
  const second = b.conv(
    b.relu(first),
    b.param('conv2.weight', [3, 16, 3, 3]),
    b.param('conv2.bias', [3]),
    { pads },
  );
  return b.build({ y: b.add(x, second) });
}

describe('graphCost', () => {
  it('counts parameters, work and memory of a residual block', () => {
    const pixels = 64;
    const macs = 2 * 3 * 16 * 9 * pixels;
    expect(graphCost(residualBlock())).toEqual({
      parameters: 3 * 16 * 9 + 16 + 16 * 3 * 9 + 3,
      tensors: 4,
      macs,
      flops: 2 * macs + (16 + 16 + 3 + 3) * pixels,
      activationBytes: 4 * (16 + 16 + 3 + 3) * pixels,
      // The skip, the first convolution's result and its activation.
      peakBytes: 4 * (3 + 16 + 16) * pixels,
    });
  });

  it("agrees with the published count of ResNet's first layer", () => {
    // He et al. (2016), table 1: 7x7, 64, stride 2 on 224x224; 118 million multiply-accumulates.
    const b = new GraphBuilder();
    const y = b.conv(b.input('x', [1, 3, 224, 224]), b.param('conv1.weight', [64, 3, 7, 7]), null, {
      strides: [2, 2],
      pads: [3, 3, 3, 3],
    });
    const { macs, parameters } = graphCost(b.build({ y }));
    expect([macs, parameters]).toEqual([118_013_952, 9_408]);
  });

  it('counts grouped, transposed and batched products', () => {
    const b = new GraphBuilder();
    const x = b.input('x', [2, 4, 5, 5]);
    const macsOf = (build: () => ReturnType<GraphBuilder['neg']>): number =>
      graphCost(b.build({ y: build() })).macs;
    const depthwise = b.param('depthwise', [4, 1, 3, 3]);
    expect(macsOf(() => b.conv(x, depthwise, null, { groups: 4 }))).toBe(2 * 4 * 9 * 9);
    // A transposed convolution does what the convolution back from its result does.
    const up = b.param('up', [4, 3, 4, 4]);
    const options = { strides: [2, 2], pads: [1, 1, 1, 1] } as const;
    expect(macsOf(() => b.convTranspose(x, up, null, options))).toBe(2 * 25 * 4 * 3 * 16);
    const q = b.input('q', [2, 8, 10, 16]);
    const k = b.input('k', [2, 8, 16, 12]);
    expect(macsOf(() => b.matmul(q, k))).toBe(2 * 8 * 10 * 12 * 16);
  });

  it('takes moving data for free', () => {
    const b = new GraphBuilder();
    const x = b.input('x', [1, 4, 6, 6]);
    const moved = b.transpose(b.reshape(b.pixelShuffle(x, 2), [12, 12]), [1, 0]);
    const { macs, flops, activationBytes } = graphCost(b.build({ y: moved }));
    expect([macs, flops, activationBytes]).toEqual([0, 0, 3 * 4 * 144]);
  });

  it('counts bytes by dtype and drops what nothing reads again', () => {
    const b = new GraphBuilder();
    const x = b.input('x', [8]);
    const half = b.apply('cast', [x], { to: 'float16' });
    const chain = b.neg(b.neg(b.neg(half)));
    const { activationBytes, peakBytes } = graphCost(b.build({ y: chain }));
    expect([activationBytes, peakBytes]).toEqual([4 * 16, 32 + 16]);
  });
});

describe('costByStage', () => {
  it('splits the whole by the weights that the work uses', () => {
    const graph = residualBlock();
    const stages = costByStage(graph, (name) => name.split('.')[0]);
    const macs = 3 * 16 * 9 * 64;
    expect([...stages]).toEqual([
      ['conv1', { parameters: 448, tensors: 2, macs, flops: 2 * macs + 32 * 64 }],
      ['conv2', { parameters: 435, tensors: 2, macs, flops: 2 * macs + 6 * 64 }],
    ]);
    const sums = [...stages.values()];
    const whole = graphCost(graph);
    expect(sums.reduce((sum, stage) => sum + stage.macs, 0)).toBe(whole.macs);
    expect(sums.reduce((sum, stage) => sum + stage.flops, 0)).toBe(whole.flops);
    expect(sums.reduce((sum, stage) => sum + stage.parameters, 0)).toBe(whole.parameters);
  });

  it('follows a weight through its transposition, and gives what precedes to the first stage', () => {
    const b = new GraphBuilder();
    const tokens = b.scale(b.input('tokens', [5, 4]), 2);
    const q = b.matmul(tokens, b.transpose(b.param('to_q.weight', [4, 4]), [1, 0]));
    const scores = b.matmul(q, b.transpose(q, [1, 0]));
    const out = b.matmul(scores, b.matmul(tokens, b.param('to_out.weight', [4, 3])));
    const stages = costByStage(b.build({ out }), (name) => name);
    expect(stages.get('to_q.weight')).toMatchObject({ macs: 80 + 100, flops: 360 + 20 });
    expect(stages.get('to_out.weight')).toMatchObject({ macs: 60 + 75, flops: 270 });
  });
});
