// What the search is measured on: problems of which the true front is known.
import {
  allPoints,
  paretoFront,
  stageSpace,
  stagesAt,
  type Objectives,
  type Point,
  type SearchProblem,
} from 'nanosd/training';
import { Random } from 'nanosd';

/** A problem with what it takes to measure a search on it. */
export interface TestProblem {
  readonly name: string;
  readonly problem: SearchProblem;
  readonly measure: (point: Point) => Objectives;
  /** Up to which the hypervolume of what was found, and of the true front, is measured. */
  readonly reference: Objectives;
  readonly trueFront: readonly Objectives[];
}

const zdtDimensions = 6;

/**
 * ZDT1 to ZDT3 (Zitzler, Deb and Thiele 2000) in as many dimensions as the stages of a network; the reference is
 * the customary (11, 11).
 */
export function zdtProblems(): TestProblem[] {
  const shapes = [
    (f: number, g: number) => 1 - Math.sqrt(f / g),
    (f: number, g: number) => 1 - (f / g) ** 2,
    (f: number, g: number) => 1 - Math.sqrt(f / g) - (f / g) * Math.sin(10 * Math.PI * f),
  ];
  return shapes.map((shape, i) => {
    const measure = ([f, ...rest]: Point): Objectives => {
      const g = 1 + (9 * rest.reduce((sum, x) => sum + x, 0)) / rest.length;
      return [f, g * shape(f, g)];
    };
    const optimum = Array.from({ length: 20001 }, (_, k) =>
      measure([k / 20000, ...Array.from({ length: zdtDimensions - 1 }, () => 0)]),
    );
    return {
      name: `ZDT${i + 1}`,
      problem: {
        space: { kind: 'continuous', dimensions: zdtDimensions },
        objectives: [{ name: 'f1' }, { name: 'f2' }],
      },
      measure,
      reference: [11, 11],
      trueFront: paretoFront(optimum, (objectives) => objectives),
    };
  });
}

/** Of a stage at SD 1.5's widths and 64x64 latents: cells, channels, and whether skips double the resnets' input. */
const stageShapes = [
  { cells: 4096, channels: 320, up: false },
  { cells: 1024, channels: 640, up: false },
  { cells: 256, channels: 1280, up: false },
  { cells: 256, channels: 1280, up: true },
  { cells: 1024, channels: 640, up: true },
  { cells: 4096, channels: 320, up: true },
];
/** How much the loss of a block of each stage is felt; the outer decoder stages draw what is seen. */
const stageWeights = [0.5, 0.35, 0.3, 0.5, 0.8, 1];
const measurementNoise = 0.02;

/**
 * A table of the design space's shape, 4 x 4 x 4 x 8 x 8 x 8, made up to be like the real one. Latency: resnets
 * at 0.05 and transformers at 0.08 ms a GMAC, plus what reading their weights takes, plus 2 ms; within 2 %.
 * Quality: each option has an error of its own, which grows with the blocks that the teacher has more and
 * varies by 20 % at random; errors add up, those of neighbouring stages and of stages that a skip joins
 * make each other worse, and the distance is 4 + 120 times the square over one plus itself, within 2 %.
 * All randomness is fixed.
 */
export function tableProblem(latencyIsKnown: boolean): TestProblem {
  const errors = optionErrors();
  const measure = (point: Point): Objectives => {
    const random = Random.seeded(7, indexOf(point));
    const jitter = (): number => Math.exp(measurementNoise * random.normal());
    return [distance(point, errors) * jitter(), predictedLatency(point) * jitter()];
  };
  const rows = [...allPoints(stageSpace)].map((point) =>
    latencyIsKnown ? withPrediction(point, measure(point)) : measure(point),
  );
  const trueFront = paretoFront(rows, (row) => row);
  const space = stageSpace;
  const last = space.choices.map(({ options }) => options.length - 1);
  return {
    name: latencyIsKnown ? 'table, latency known' : 'table',
    problem: {
      space,
      objectives: [
        { name: 'distance', scale: 'log' },
        { name: 'latency ms', ...(latencyIsKnown ? { known: predictedLatency } : {}) },
      ],
      anchors: [last.map(() => 0), last],
    },
    measure: (point) => (latencyIsKnown ? withPrediction(point, measure(point)) : measure(point)),
    reference: beyondFront(trueFront),
    trueFront,
  };
}

function withPrediction(point: Point, [first]: Objectives): Objectives {
  return [first, predictedLatency(point)];
}

/** A tenth of the front's extent beyond its worst values. */
function beyondFront(front: readonly Objectives[]): Objectives {
  const side = (index: 0 | 1): number => {
    const values = front.map((objectives) => objectives[index]);
    return Math.max(...values) + 0.1 * (Math.max(...values) - Math.min(...values));
  };
  return [side(0), side(1)];
}

function indexOf(point: Point): number {
  return point.reduce((index, digit, i) => index * stageSpace.choices[i].options.length + digit, 0);
}

function blocksOf(point: Point): string[] {
  return Object.values(stagesAt(point));
}

function count(blocks: string, kind: 'R' | 'A'): number {
  return blocks.split(kind).length - 1;
}

function predictedLatency(point: Point): number {
  return blocksOf(point).reduce((sum, blocks, i) => {
    const { cells, channels, up } = stageShapes[i];
    const resnetParameters = (up ? 29 : 18) * channels ** 2;
    const transformerParameters = 20 * channels ** 2;
    const resnet = 0.05e-9 * resnetParameters * cells + 0.04e-6 * resnetParameters;
    const transformer =
      0.08e-9 * (transformerParameters * cells + 2 * cells ** 2 * channels) +
      0.04e-6 * transformerParameters;
    return sum + count(blocks, 'R') * resnet + count(blocks, 'A') * transformer;
  }, 2);
}

/** The error of each option of each stage, 0 for the teacher's own. */
function optionErrors(): number[][] {
  const random = Random.seeded(11);
  return stageSpace.choices.map(({ options }, i) => {
    const own = options[options.length - 1];
    return options.map((blocks) => {
      const resnets = 1 - count(blocks, 'R') / count(own, 'R');
      const transformers = 1 - count(blocks, 'A') / count(own, 'A');
      const variation = Math.exp(0.2 * random.normal());
      return stageWeights[i] * (0.5 * resnets + 0.5 * transformers) * variation;
    });
  });
}

/** Stages that feed each other: the next one, and the decoder stage that a skip goes to. */
const joined = [
  [0, 1],
  [1, 2],
  [2, 3],
  [3, 4],
  [4, 5],
  [0, 5],
  [1, 4],
];

function distance(point: Point, errors: readonly (readonly number[])[]): number {
  const own = point.map((option, i) => errors[i][option]);
  const sum = own.reduce((total, error) => total + error, 0);
  const together = joined.reduce((total, [a, b]) => total + own[a] * own[b], 0);
  const error = sum + together;
  return 4 + (120 * error ** 2) / (1 + error);
}
