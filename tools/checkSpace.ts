// Networks of the design space, cut from a teacher of SD 1.5's topology and small widths: each is built, inherits, obeys
// the surgery law, costs what was said before, and runs on ONNX Runtime. Uncut, the student is the teacher, bit for bit.
// npm run check:space -- [COUNT] [SEED]
import {
  allStages,
  cutUnet,
  elementCount,
  formatStages,
  graphCost,
  inheritUnet,
  initialWeights,
  matchWeights,
  nanosdUnet,
  narrowUnet,
  Random,
  spaceCost,
  stagedUnetOf,
  stagedUnetParams,
  teacherStages,
  tensor,
  unet2DCondition,
  type Feeds,
  type Graph,
  type StagedUnetConfig,
  type Tensor,
  type TensorSource,
  type Weights,
} from '../src/index.js';
import { createNodeExecutor } from '../src/node.js';

const network = {
  className: 'UNet2DConditionModel',
  config: {
    ...{ inChannels: 4, outChannels: 4, flipSinToCos: true, freqShift: 0, midBlock: true },
    ...{ normNumGroups: 4, normEps: 1e-5, crossAttentionDim: 24 },
    blockOutChannels: [16, 32, 48, 48],
    layersPerBlock: [2, 2, 2, 2],
    heads: [2, 2, 2, 2],
    downAttention: [true, true, true, false],
    upAttention: [true, true, true, false],
  },
} as const;
const size = { batch: 1, height: 16, width: 8, contextTokens: 7 };
const widths = [1, 0.75, 0.5];

const executor = createNodeExecutor();
const random = Random.seeded(Number(process.argv[3] ?? 1));
const teacher = { config: stagedUnetOf(network), weights: initialWeights(network, 1, 'float32') };
const costOf = spaceCost(teacher.config, size);
const all = [...allStages()];

await checkUncut();
const count = Number(process.argv[2] ?? 200);
for (let i = 0; i < count; i++) {
  const stages = all[random.integer(all.length)];
  const cut = cutUnet(teacher.config, stages, random.integer(4) === 0 ? 'kept' : 'dropped');
  const width = widths[random.integer(widths.length)];
  const name = `${formatStages(stages)}, ${cut.levels.length} levels, width ${width}`;
  await checkStudent(name, narrowUnet(cut, width));
  if (cut.levels.length === 3) {
    const { parameters, macs } = graphCost(nanosdUnet(cut, size));
    const expected = costOf(stages);
    if (expected.parameters !== parameters || expected.macs !== macs) {
      throw new Error(`${name}: expected ${JSON.stringify(expected)}, got ${parameters}, ${macs}`);
    }
  }
}
console.log(`${count} networks build, inherit, obey the surgery law, cost what was said, and run`);

async function checkUncut(): Promise<void> {
  const student = cutUnet(teacher.config, teacherStages, 'kept');
  const [expected, got] = [
    await run(unet2DCondition(network.config, size), teacher.weights),
    await run(nanosdUnet(student, size), inheritUnet(teacher, student)),
  ];
  const apart = expected.data.findIndex((value, i) => value !== got.data[i]);
  if (apart !== -1) throw new Error(`expected the teacher's output, got another at ${apart}`);
  console.log("the teacher's own stages with E4, Mid and D4 give its output, bit for bit");
}

async function checkStudent(name: string, student: StagedUnetConfig): Promise<void> {
  const inherited = inheritUnet(teacher, student);
  matchWeights(stagedUnetParams(student), inherited.entries, `${name}: `);
  const { data } = await run(nanosdUnet(student, size), inherited);
  const isSound = data.every((x) => Number.isFinite(Number(x))) && data.some((x) => x !== 0);
  if (!isSound) throw new Error(`${name}: expected finite numbers, got others`);
}

async function run(graph: Graph, source: TensorSource): Promise<Tensor> {
  const weights: Weights = new Map(
    await Promise.all(
      graph.params.map(async ({ name }) => [name, await source.read(name)] as const),
    ),
  );
  await using session = await executor.load({ ...graph, taps: [] }, weights);
  return (await session.run(feeds(graph))).out_sample;
}

function feeds({ inputs }: Graph): Feeds {
  const own = Random.seeded(2);
  const entries = inputs.map(({ name, shape }) => {
    return [name, tensor('float32', shape, own.normals(elementCount(shape)))] as const;
  });
  return Object.fromEntries(entries);
}
