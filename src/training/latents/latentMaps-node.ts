import { cropImage, flipHorizontal, type Image } from '../../image/index.js';
import { encoderOf, pixelsPerLatent, type Autoencoder } from '../../models/index.js';
import type { OpenAutoencoder } from '../../models/openAutoencoder-node.js';
import type { PhotoFile } from '../data/photoFile.js';
import { readPhotoFile } from '../data/photoFolder-node.js';
import { createWorkerExecutor } from '../../runtime/worker-node.js';
import type { Session } from '../../graph/index.js';
import { float32ToFloat16, tensor, toFloat32, type Tensor } from '../../tensor/index.js';

/**
 * Longer photographs are encoded in equal pieces of at most this, in pixels, so that memory does not grow with
 * them. A multiple of every factor of autoencoders.
 */
const LONGEST_SIDE = 768;

/** Encodes photographs for a cache of latents. One call at a time. */
export interface PhotoEncoder extends AsyncDisposable {
  /**
   * The maps of a photograph, each with a name that tells it from the others: float16 `[2C, h, w]`, mean and
   * deviation of the latents on the U-Net's scale; `[C, h, w]` of an autoencoder without a deviation.
   * @throws ImageFileError when the file is no image; RangeError when it is smaller than one cell or gives no number.
   */
  encode(photo: PhotoFile): Promise<ReadonlyMap<string, Tensor<'float16'>>>;
}

/**
 * Encodes a picture and its mirror image side by side, each in a thread of one core: on a busy machine threads
 * inside an operator wait for each other. Photographs of equal size one after the other go fastest.
 */
export function createPhotoEncoder(vae: OpenAutoencoder): PhotoEncoder {
  const upright = createPieceEncoder(vae);
  const mirrored = createPieceEncoder(vae);
  return {
    async encode(photo) {
      const maps = new Map<string, Tensor<'float16'>>();
      const pieces = piecesOf(await readPhotoFile(photo), pixelsPerLatent(vae.network));
      for (const [i, piece] of pieces.entries()) {
        const [map, mirror] = await Promise.all([
          upright.encode(piece),
          mirrored.encode(flipHorizontal(piece)),
        ]);
        maps.set(String(i), map).set(`${i}.mirrored`, mirror);
      }
      return maps;
    },
    async [Symbol.asyncDispose]() {
      await upright[Symbol.asyncDispose]();
      await mirrored[Symbol.asyncDispose]();
    },
  };
}

interface PieceEncoder extends AsyncDisposable {
  encode(piece: Image): Promise<Tensor<'float16'>>;
}

function createPieceEncoder({ network, weights }: OpenAutoencoder): PieceEncoder {
  const executor = createWorkerExecutor({ threads: 1 });
  let loaded: { readonly key: string; readonly session: Session } | null = null;
  const sessionFor = async ({ width, height }: Image): Promise<Session> => {
    const key = `${width}x${height}`;
    if (loaded?.key === key) return loaded.session;
    await loaded?.session[Symbol.asyncDispose]();
    loaded = null;
    const graph = { ...encoderOf(network, { batch: 1, width, height }), taps: [] };
    const session = await executor.loadMapped(graph, weights);
    loaded = { key, session };
    return session;
  };
  return {
    encode: async (piece) => encodePiece(await sessionFor(piece), network, piece),
    async [Symbol.asyncDispose]() {
      await loaded?.session[Symbol.asyncDispose]();
      await executor[Symbol.asyncDispose]();
    },
  };
}

/** Equal parts whose sides are multiples; what is over at the right and the bottom is left out. */
function piecesOf(photo: Image, multiple: number): Image[] {
  const [columns, rows] = [photo.width, photo.height].map((side) => Math.ceil(side / LONGEST_SIDE));
  const width = Math.floor(photo.width / columns / multiple) * multiple;
  const height = Math.floor(photo.height / rows / multiple) * multiple;
  if (width === 0 || height === 0) {
    const got = `${photo.width} x ${photo.height}`;
    throw new RangeError(`expected at least ${multiple} x ${multiple} pixels, got ${got}`);
  }
  return Array.from({ length: rows * columns }, (_, i) => {
    const [row, column] = [Math.floor(i / columns), i % columns];
    return cropImage(photo, column * width, row * height, width, height);
  });
}

async function encodePiece(
  session: Session,
  { className, config }: Autoencoder,
  { width, height, data }: Image,
): Promise<Tensor<'float16'>> {
  const pixels = data.map((x) => 2 * x - 1);
  const outputs = await session.run({ sample: tensor('float32', [1, 3, height, width], pixels) });
  const isTiny = className === 'AutoencoderTiny';
  const output = isTiny ? outputs.latents : outputs.latent_parameters;
  const values = isTiny
    ? toFloat32(output)
    : meanAndDeviation(toFloat32(output), config.scalingFactor);
  if (values.some((value) => !Number.isFinite(value))) {
    throw new RangeError('expected numbers from the encoder, got some that are none');
  }
  return tensor('float16', output.shape.slice(1), float32ToFloat16(values));
}

/** Of mean and log-variance, `[2C, h, w]`, with the bounds that diffusers has for the latter. */
function meanAndDeviation(moments: Float32Array, scale: number): Float32Array {
  const half = moments.length / 2;
  return moments.map((value, i) => {
    if (i < half) return value * scale;
    return Math.exp(Math.min(20, Math.max(-30, value)) / 2) * scale;
  });
}
