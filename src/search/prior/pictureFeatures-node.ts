import { GraphBuilder, type Graph, type Session } from '../../graph/index.js';
import { imresize, type Image } from '../../image/index.js';
import type { NodeExecutor } from '../../runtime/nodeExecutor-node.js';
import { tensor, type Weights } from '../../tensor/index.js';
import { openFeatureMaps } from '../../training/losses/featureNetwork-node.js';
import type { Matrix } from '../algorithms/gaussianFit.js';
import { meansOverCells, readFeatureModel } from '../quality/featureNetwork-node.js';
import { shareBatches } from '../quality/sampleLatents.js';

/** Gives each picture [3, H, W] in [0, 1] a row of numbers. */
export interface PictureFeatures extends AsyncDisposable {
  extract(pictures: readonly Image[]): Promise<Matrix>;
}

const BATCH = 16;

/**
 * A network that sees pictures of a side: SqueezeNet 1.1 by its weights, whose last map is averaged over the picture, or any as
 * ONNX with one input `[N, 3, H, W]`, to whose sides pictures are resampled where it has sides of its own.
 * @throws ModelError for what is neither.
 */
export async function openPictureFeatures(
  path: string,
  side: number,
  executors: readonly NodeExecutor[],
): Promise<PictureFeatures> {
  const { graph, weights } = path.toLowerCase().endsWith('.onnx')
    ? await readFeatureModel(path, BATCH, { height: side, width: side })
    : await lastMap(path, side);
  const sessions = await Promise.all(executors.map((executor) => executor.load(graph, weights)));
  const [input] = graph.inputs;
  return {
    async extract(pictures) {
      const rows = new Array<Float64Array>(pictures.length);
      await shareBatches(sessions, pictures.length, BATCH, async (session, first) => {
        const features = await featuresOf(session, input, pictures.slice(first, first + BATCH));
        features.forEach((row, i) => (rows[first + i] = row));
      });
      const columns = rows[0].length;
      const data = new Float64Array(rows.length * columns);
      rows.forEach((row, i) => data.set(row, i * columns));
      return { rows: rows.length, columns, data };
    },
    async [Symbol.asyncDispose]() {
      for (const session of sessions) await session[Symbol.asyncDispose]();
    },
  };
}

async function lastMap(path: string, side: number): Promise<{ graph: Graph; weights: Weights }> {
  const features = await openFeatureMaps(path);
  const b = new GraphBuilder();
  const maps = features(b, b.input('pictures', [BATCH, 3, side, side]));
  return { graph: b.build({ features: maps[maps.length - 1] }), weights: new Map() };
}

async function featuresOf(
  session: Session,
  { name, shape }: Graph['inputs'][number],
  pictures: readonly Image[],
): Promise<Float64Array[]> {
  const [, , height, width] = shape;
  const size = 3 * height * width;
  const batch = new Float32Array(BATCH * size);
  pictures.forEach((picture, i) => {
    const fits = picture.width === width && picture.height === height;
    batch.set((fits ? picture : imresize(picture, { width, height })).data, i * size);
  });
  const [value] = Object.values(await session.run({ [name]: tensor('float32', shape, batch) }));
  return meansOverCells(value).slice(0, pictures.length);
}
