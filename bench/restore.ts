// What restoring a picture costs, and how much of it is not the network: `restorer.restore(image)`, with its
// thread, tiles and copies, against bare onnxruntime-node on the same ONNX file, and against the rate of nothing but
// convolutions, which says what the processor could do in the same minute.
// npm run bench -- restore [MODEL]
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  createImage,
  encodeModel,
  graphCost,
  GraphBuilder,
  Random,
  restorationGraph,
  tensor,
  toModelProto,
  type Graph,
  type Image,
  type Value,
  type Weights,
} from 'nanosd';
import {
  openRestorer,
  openRestorerFolder,
  readRestorerWeights,
  type FileRestorer,
  type RestorerFolder,
} from 'nanosd/node';
import { InferenceSession, Tensor } from 'onnxruntime-node';

const cases = [
  { side: 128, blocks: 10, block: 6 },
  { side: 512, blocks: 6, block: 3 },
] as const;

/** Prints a line a size. `--peak SIDE` is what it starts itself with, to see the memory of one size alone. */
export async function benchRestore(args: readonly string[]): Promise<void> {
  const [model = 'sr-x4', flag, side] = args;
  if (flag === '--peak') return printPeak(model, Number(side));
  const folder = await openRestorerFolder(model);
  console.log(`${folder.name}: restorer.restore(image) against bare onnxruntime-node, medians`);
  // First, while this process is small: a child counts from what its parent holds when it is started.
  const peaks: string[] = [];
  for (const size of cases) peaks.push(await measurePeak(model, size.side));
  for (const [i, size] of cases.entries()) {
    console.log(`${await benchSize(model, folder, size)}, peak RSS ${peaks[i]} MB`);
  }
}

async function benchSize(
  model: string,
  folder: RestorerFolder,
  { side, blocks, block }: (typeof cases)[number],
): Promise<string> {
  const image = noise(side);
  await using ours = await openRestorer({ model });
  const network = restorationGraph(folder.config, side, side);
  const bare = await openBare(network, await readRestorerWeights(folder), image);
  const alone = convolutions(side);
  const bound = await openBare(alone, new Map(), image);
  const [ourMs, bareMs, boundMs]: number[][] = [[], [], []];
  // In turns, so that whatever else the machine does hits both; the first of each turn finds cold caches.
  for (let i = 0; i < blocks; i++) {
    ourMs.push(...(await timeBlock(block, () => ours.restore(image))));
    bareMs.push(...(await timeBlock(block, bare)));
    boundMs.push(...(await timeBlock(block, bound)));
  }
  const [our, its] = [median(ourMs), median(bareMs)];
  const scale = `${side}x${side} -> ${side * ours.scale}x${side * ours.scale}`;
  const overhead = (100 * (our / its - 1)).toFixed(1);
  const spread = `fastest ${Math.min(...ourMs).toFixed(1)} and ${Math.min(...bareMs).toFixed(1)}`;
  const rate = (graph: Graph, ms: number): string => (graphCost(graph).flops / ms / 1e6).toFixed(0);
  return (
    `${scale}: ${our.toFixed(1)} ms, bare ${its.toFixed(1)} ms (${spread}), overhead ${overhead} %, ` +
    `${rate(network, our)} GFLOP/s of ${rate(alone, median(boundMs))} that convolutions alone reach`
  );
}

/** Twelve 3x3 convolutions of 48 channels: about the work of the shipped model. */
function convolutions(side: number): Graph {
  const b = new GraphBuilder();
  const random = Random.seeded(1);
  let hidden: Value = b.input('sample', [1, 3, side, side]);
  for (let i = 0; i < 12; i++) {
    const shape = [48, hidden.shape[1], 3, 3];
    const weight = tensor('float32', shape, random.normals(48 * 9 * shape[1]));
    hidden = b.conv(hidden, b.constant(weight), null, { pads: [1, 1, 1, 1] });
  }
  return b.build({ out_sample: hidden });
}

async function openBare(
  graph: Graph,
  weights: Weights,
  image: Image,
): Promise<() => Promise<unknown>> {
  const directory = await mkdtemp(join(tmpdir(), 'nanosd-bench-'));
  try {
    const path = join(directory, 'model.onnx');
    await writeFile(path, encodeModel(toModelProto(graph, weights)));
    const session = await InferenceSession.create(path);
    const sample = new Tensor('float32', image.data, [1, 3, image.height, image.width]);
    return () => session.run({ sample });
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function timeBlock(count: number, task: () => Promise<unknown>): Promise<number[]> {
  await task();
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    await task();
    times.push(performance.now() - start);
  }
  return times;
}

/** Of a process of its own, that restores pictures of this size and nothing else. */
async function measurePeak(model: string, side: number): Promise<string> {
  const args = [process.argv[1], 'restore', model, '--peak', String(side)];
  const { stdout } = await promisify(execFile)(process.execPath, [...process.execArgv, ...args]);
  return stdout.trim();
}

async function printPeak(model: string, side: number): Promise<void> {
  await using restorer: FileRestorer = await openRestorer({ model });
  for (let i = 0; i < 3; i++) await restorer.restore(noise(side));
  // Kibibytes, whatever the system counts in.
  console.log(((process.resourceUsage().maxRSS * 1024) / 1e6).toFixed(0));
}

function noise(side: number): Image {
  const random = Random.seeded(1);
  const data = Float32Array.from({ length: 3 * side * side }, () => random.uniform());
  return createImage(side, side, 3, data);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}
