// Every network of the design space at SD 1.5's widths: parameters and multiply-accumulates of a step at 64x64
// latents, as a file (runs/space.csv), a plot (docs/images/space.svg) and the figures of docs/pipeline.md.
// npm run bench -- space
import { mkdir, writeFile } from 'node:fs/promises';
import {
  allStages,
  componentClasses,
  costByStage,
  cutUnet,
  formatStages,
  nanosdUnet,
  parseNetwork,
  parseStages,
  presets,
  spaceCost,
  stagedUnetOf,
  teacherStages,
  unetStageOf,
  type SpaceCost,
  type StagedUnetConfig,
} from 'nanosd';
import { spacePlot, type SpacePoint } from './spacePlot.js';

const size = { batch: 1, height: 64, width: 64, contextTokens: 77 };

/** What the figures are given for, by what they stand for. */
const named: readonly (readonly [stages: string, what: string])[] = [
  ['R R R R R R', 'the smallest: 130M class (Model 7)'],
  ['R R R R R RA', 'one transformer at full resolution'],
  ['R R RR R R R', '160M class'],
  ['R R R RR R R', '170M class (Model 5)'],
  ['R RA RARA RRA R R', '315M class (NanoSD-Prime)'],
  [formatStages(teacherStages), 'all stages as the teacher has them'],
];

/** The teacher's stages as published, parameters and GMAC: what its networks must add up to. */
const published: Readonly<Record<string, readonly [parameters: number, gmac: number]>> = {
  down0: [10_524_480, 54.8],
  down1: [36_818_560, 34.2],
  down2: [139_992_320, 31.9],
  up0: [258_330_880, 75.8],
  up1: [71_413_120, 83.4],
  up2: [18_810_560, 98.8],
};

export async function benchSpace(): Promise<void> {
  const begun = performance.now();
  const teacher = stagedUnetOf(parseNetwork(presets.sd15.unet, componentClasses.unet, 'unet'));
  const costOf = spaceCost(teacher, size);
  const points = [...allStages()].map((stages): SpacePoint => {
    return { stages: formatStages(stages), ...costOf(stages) };
  });
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  const lines = points.map(({ stages, parameters, macs }) => `${stages},${parameters},${macs}`);
  await mkdir('runs', { recursive: true });
  await writeFile('runs/space.csv', `${['stages,parameters,macs', ...lines].join('\n')}\n`);
  const marked = named.map(([stages]) => ({ stages, ...costOf(parseStages(stages)) }));
  await writeFile('docs/images/space.svg', spacePlot(points, marked));
  console.log(`${points.length.toLocaleString('en')} networks in ${seconds} s: runs/space.csv\n`);
  printNamed(named, (stages) => costOf(parseStages(stages)));
  printStages(teacher);
}

function printNamed(rows: typeof named, costOf: (stages: string) => SpaceCost): void {
  console.log('| stages (E1 E2 E3 D3 D2 D1) | parameters | GMAC | |\n| --- | --- | --- | --- |');
  for (const [stages, what] of rows) {
    const { parameters, macs } = costOf(stages);
    const millions = `${(parameters / 1e6).toFixed(1)}M`;
    console.log(`| \`${stages}\` | ${millions} | ${(macs / 1e9).toFixed(1)} | ${what} |`);
  }
}

/**
 * The teacher's own stages without E4, Mid and D4, beside what was published of them. `down2` differs by its
 * downsampler, which leads to E4 and goes with it.
 */
function printStages(teacher: StagedUnetConfig): void {
  const graph = nanosdUnet(cutUnet(teacher, teacherStages, 'dropped'), size);
  console.log('\n| stage | parameters | published | GMAC | published |');
  console.log('| --- | --- | --- | --- | --- |');
  for (const [stage, { parameters, macs }] of costByStage(graph, unetStageOf)) {
    if (!(stage in published)) continue;
    const [itsParameters, itsGmac] = published[stage];
    const counts = [parameters, itsParameters].map((count) => count.toLocaleString('en'));
    console.log(`| ${stage} | ${counts.join(' | ')} | ${(macs / 1e9).toFixed(1)} | ${itsGmac} |`);
  }
}
