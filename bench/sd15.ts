// Stable Diffusion 1.5 at full size, each network in a process of its own, so that its memory is its own: one
// U-Net step at 64x64 latents, VAE encode and decode at 512x512, text encode. Weights are random (the work is
// the same), unless the folder of a checkpoint is given.
// npm run bench -- sd15 [CHECKPOINT]
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  clipText,
  decoderOf,
  encoderOf,
  graphCost,
  GraphBuilder,
  nanosdUnet,
  presets,
  stagedUnetOf,
  type Graph,
} from 'nanosd';
import {
  createNodeExecutor,
  initCheckpoint,
  openCheckpoint,
  type OpenCheckpoint,
} from 'nanosd/node';
import { medianMs, peakBytes, randomFeeds } from './measure.js';

type Part = 'unet' | 'vae' | 'textEncoder';

interface Stage {
  readonly title: string;
  readonly part: Part;
  readonly runs: number;
  readonly graph: (checkpoint: OpenCheckpoint) => Graph;
}

const latent = { batch: 1, height: 64, width: 64 };

const stages: Readonly<Record<string, Stage>> = {
  unet: {
    title: 'U-Net step, 64x64 latents',
    part: 'unet',
    runs: 5,
    graph: ({ unet }) => nanosdUnet(stagedUnetOf(unet.network), { ...latent, contextTokens: 77 }),
  },
  encode: {
    title: 'VAE encode, 512x512',
    part: 'vae',
    runs: 5,
    graph: ({ vae }) => encoderOf(vae.network, { batch: 1, height: 512, width: 512 }),
  },
  decode: {
    title: 'VAE decode, 512x512',
    part: 'vae',
    runs: 5,
    graph: ({ vae }) => decoderOf(vae.network, latent),
  },
  text: {
    title: 'text encode, 77 tokens',
    part: 'textEncoder',
    runs: 15,
    graph({ textEncoder }) {
      if (!textEncoder) throw new Error('expected a checkpoint with a text encoder');
      return clipText(textEncoder.network.config, { batch: 1, tokens: 77 });
    },
  },
};

interface Measured {
  readonly ms: number;
  readonly loadMs: number;
  readonly macs: number;
  readonly weightBytes: number;
  readonly activationBytes: number;
  readonly peakBytes: number;
}

/** Prints a line a network. `--stage NAME` is what it starts itself with. */
export async function benchSd15(args: readonly string[]): Promise<void> {
  const [given, flag, stage] = args;
  if (flag === '--stage') return printStage(given, stage);
  if (given !== undefined) return measureAll(given);
  const folder = await mkdtemp(join(tmpdir(), 'nanosd-bench-'));
  try {
    const checkpoint = join(folder, 'sd15');
    await initCheckpoint(checkpoint, presets.sd15, { seed: 1 });
    await measureAll(checkpoint);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function measureAll(checkpoint: string): Promise<void> {
  for (const [name, { title }] of Object.entries(stages)) {
    // Beside each network, because the machine's speed changes from minute to minute.
    const gemm = await gemmRate();
    const { stdout } = await startStage(checkpoint, name);
    const measured = JSON.parse(stdout) as Measured;
    const rate = (2 * measured.macs) / measured.ms / 1e6;
    const [weights, activations, peak] = [
      measured.weightBytes,
      measured.activationBytes,
      measured.peakBytes,
    ].map((bytes) => `${(bytes / 1e6).toFixed(0)} MB`);
    const memory = `weights ${weights}, activations ${activations}, peak RSS ${peak}`;
    console.log(
      `${title}: ${(measured.ms / 1000).toFixed(2)} s, ${rate.toFixed(0)} GFLOP/s, ` +
        `${((100 * rate) / gemm).toFixed(0)} % of a large product's ${gemm.toFixed(0)}; ` +
        `loaded in ${(measured.loadMs / 1000).toFixed(2)} s; ${memory}`,
    );
  }
}

function startStage(checkpoint: string, stage: string): Promise<{ stdout: string }> {
  const args = [process.argv[1], 'sd15', checkpoint, '--stage', stage];
  return promisify(execFile)(process.execPath, [...process.execArgv, ...args]);
}

async function printStage(path: string, name: string): Promise<void> {
  await using checkpoint = await openCheckpoint(path);
  const { graph: build, part, runs } = stages[name];
  const graph = build(checkpoint);
  const component = checkpoint[part];
  if (!component) throw new Error(`expected a checkpoint with ${part}`);
  const begun = performance.now();
  await using session = await createNodeExecutor().loadMapped(graph, component.weights);
  const loadMs = performance.now() - begun;
  const feeds = randomFeeds(graph.inputs);
  const ms = await medianMs(runs, () => session.run(feeds));
  const { macs, parameters, peakBytes: activationBytes } = graphCost(graph);
  const measured: Measured = {
    ...{ ms, loadMs, macs, activationBytes },
    weightBytes: parameters * 4,
    peakBytes: peakBytes(),
  };
  console.log(JSON.stringify(measured));
}

/** GFLOP/s of a product of two matrices of 2048x2048, one of them a weight. */
async function gemmRate(): Promise<number> {
  const side = 2048;
  const b = new GraphBuilder();
  const x = b.input('x', [side, side]);
  const product = b.matmul(x, b.param('weight', [side, side]));
  const graph = b.build({ product });
  const feeds = randomFeeds(graph.inputs);
  const weights = new Map(Object.entries(randomFeeds(graph.params)));
  await using session = await createNodeExecutor().load(graph, weights);
  const ms = await medianMs(9, () => session.run(feeds));
  return (2 * side ** 3) / ms / 1e6;
}
