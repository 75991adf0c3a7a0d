// WebAssembly in the browser against the CPU in Node: the same work and number of threads, in turns. Beside the
// network a product of matrices shows what the browser's 128-bit instructions leave of the processor's.
// npm run bench -- web [MODEL]
import { fileURLToPath } from 'node:url';
import { toFloat32, type Tensor } from 'nanosd';
import { createNodeExecutor, openRestorerFolder, readRestorerWeights } from 'nanosd/node';
import { openPage, servePage, type OpenPage } from '../test/browser/chromium.js';
import type {} from './web/page.js';
import { noise, timeRuns, workloadGraph, type Workload } from './web/workload.js';

const threads = 2;
const productSide = 1024;

interface Case {
  readonly workload: Workload;
  readonly weights: ReadonlyMap<string, Tensor>;
  readonly rounds: number;
  /** Runs of a round. */
  readonly count: number;
}

/** Prints a line a size. */
export async function benchWeb([model = 'sr-x4']: readonly string[]): Promise<void> {
  const folder = await openRestorerFolder(model);
  const { config } = folder;
  const weights = await readRestorerWeights(folder);
  const page = fileURLToPath(new URL('./web/page.html', import.meta.url));
  await using site = await servePage(page);
  await using open = await openPage(site);
  const network = (side: number): Workload => ({ kind: 'network', config, side });
  const cases: readonly (readonly [string, Case])[] = [
    ['128x128', { workload: network(128), weights, rounds: 8, count: 6 }],
    ['256x256', { workload: network(256), weights, rounds: 5, count: 3 }],
    [`a product of matrices of ${productSide}`, product()],
  ];
  console.log(
    `${folder.name}: WebAssembly in Chromium against Node's CPU, ${threads} threads each`,
  );
  for (const [name, one] of cases) console.log(`${name}: ${await compare(open, one)}`);
}

function product(): Case {
  return {
    workload: { kind: 'product', side: productSide },
    weights: new Map([['weight', noise([productSide, productSide])]]),
    rounds: 8,
    count: 6,
  };
}

async function compare(
  { page }: OpenPage,
  { workload, weights, rounds, count }: Case,
): Promise<string> {
  const sent = [...weights].map(([name, weight]) => {
    return [name, { shape: weight.shape, data: [...toFloat32(weight)] }] as const;
  });
  const request = { kind: 'open', workload, weights: sent, threads } as const;
  await page.evaluate((asked) => ask(asked), request);
  const graph = workloadGraph(workload);
  await using session = await createNodeExecutor({ threads }).load(graph, weights);
  const [web, node]: [number[], number[]] = [[], []];
  // In turns, so that whatever else the machine does hits both; the first of each turn finds cold caches.
  for (let round = 0; round < rounds; round++) {
    const asked = { kind: 'run', count: count + 1 } as const;
    web.push(...(await page.evaluate((given) => ask(given), asked)).slice(1));
    node.push(...(await timeRuns(session, workload, count + 1)).slice(1));
  }
  const [inWeb, inNode] = [median(web), median(node)];
  const fastest = Math.min(...node) / Math.min(...web);
  return (
    `browser ${inWeb.toFixed(1)} ms, Node ${inNode.toFixed(1)} ms: ` +
    `${(inNode / inWeb).toFixed(2)} of Node's speed (fastest runs ${fastest.toFixed(2)})`
  );
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}
