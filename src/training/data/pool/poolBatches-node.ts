import { tensor, type Tensor } from '../../../tensor/index.js';
import { WeightsError } from '../../../weights/index.js';
import { copyCrop } from '../crops.js';
import {
  openPhotoBatches,
  type PhotoBatches,
  type PhotoBatchOptions,
} from '../photoBatches-node.js';
import {
  beginFile,
  cropMaker,
  makeFile,
  openPoolReader,
  type FileInMaking,
  type PoolMaker,
} from './poolFile-node.js';
import {
  filesOf,
  limitFiles,
  missingFiles,
  poolFilePath,
  touchFiles,
  type PoolPlace,
} from './poolFolder-node.js';
import {
  createPoolStream,
  dueAt,
  type PoolPlane,
  type PoolRecord,
  type PoolWindow,
} from './poolPlan.js';

/** A pool as the threads that make and read it know it: plain data. */
export interface PoolOptions extends PoolWindow {
  readonly place: PoolPlace;
  /** How its samples are made; the seed is that of the pool. */
  readonly crops: PhotoBatchOptions;
  /** Of the files, together. */
  readonly limitBytes: number;
}

/** Makes the samples of a pool in this thread. */
export function openPoolMaker(
  { crops }: PoolOptions,
  onWarning: (warning: string) => void,
): PoolMaker {
  return cropMaker(openPhotoBatches(crops, onWarning));
}

/**
 * A stream of samples over a pool, of which sample `i` is a function of the pool, the seed and `i`, whatever files are
 * there: those that are absent or damaged are made again. Between batches it makes what the next pass takes besides.
 */
export function openPoolBatches(
  options: PoolOptions,
  seed: number,
  onWarning: (warning: string) => void,
): PhotoBatches {
  const store = openStore(options, openPoolMaker(options, onWarning), onWarning);
  const draw = createPoolStream(seed, options);
  return {
    async read(first, count) {
      await store.renew(first, count);
      const { planes } = options.place;
      const batch = new Map(planes.map((plane) => [plane.name, emptyPlane(plane, count)]));
      for (let i = 0; i < count; i++) {
        const { number, orientation } = draw(first + i);
        const record = await store.take(number);
        for (const { name, channels, side } of planes) {
          const pixels = { width: side, height: side, channels, data: record.plane(name) };
          const { data } = batch.get(name) ?? emptyPlane({ name, channels, side }, count);
          const crop = { left: 0, top: 0, size: side, orientation };
          copyCrop(pixels, crop, data, i * channels * side * side);
        }
      }
      return batchOf(batch);
    },
  };
}

function emptyPlane({ channels, side }: PoolPlane, count: number): Tensor<'float32'> {
  const shape = [count, channels, side, side];
  return tensor('float32', shape, new Float32Array(count * channels * side * side));
}

function batchOf(planes: ReadonlyMap<string, Tensor<'float32'>>) {
  const [sample, target] = [planes.get('sample'), planes.get('target')];
  if (!sample || !target) throw new Error('expected a pool with a sample and a target');
  return { sample, target };
}

interface PoolStore {
  /** A stored sample, until the next is taken. */
  take(number: number): Promise<PoolRecord>;
  /** Makes what is due before samples `first` to `first + count - 1` of the run. */
  renew(first: number, count: number): Promise<void>;
}

function openStore(
  { place, samples, refresh, limitBytes }: PoolOptions,
  make: PoolMaker,
  onWarning: (warning: string) => void,
): PoolStore {
  const reader = openPoolReader(place);
  const perFile = place.samplesInFile;
  const window = { samples, refresh };
  let making: FileInMaking | null = null;
  let pass = -1;
  const makeAgain = async (file: number): Promise<void> => {
    reader.forget(file);
    await makeFile(place, file, make);
  };
  const holds = (number: number): boolean => {
    return making !== null && number >= making.from && number < making.next;
  };
  /** A few samples at most, so that nobody waits long: what is late is made when it is taken. */
  const makeDue = async (to: number, most: number): Promise<void> => {
    for (let i = 0; making && i < most && making.next < to; i++) {
      await making.makeNext();
      if (making.next < making.to) continue;
      const { file } = making;
      await making.write();
      making = await beginMissing(file + 1);
    }
  };
  const beginMissing = async (first: number): Promise<FileInMaking> => {
    let file = first;
    while ((await missingFiles(place, [file], onWarning)).length === 0) file += 1;
    return beginFile(place, file, make);
  };
  const beginPass = async (first: number): Promise<void> => {
    const { from, to } = dueAt(pass * samples, window);
    const files = filesOf(place, from, to);
    await touchFiles(place, files);
    await limitFiles(place, limitBytes, new Set(files));
    const due = dueAt(first, window).to;
    making ??= await beginMissing(Math.floor(due / perFile));
  };
  return {
    async take(number) {
      if (making && holds(number)) return making.read(number);
      const file = Math.floor(number / perFile);
      const found = reader.read(number);
      if (typeof found !== 'string') return found;
      const path = poolFilePath(place, file);
      if (found === 'damaged') onWarning(`${path}: damaged; it is made again`);
      await makeAgain(file);
      const made = reader.read(number);
      if (typeof made !== 'string') return made;
      throw new WeightsError(`${path}: expected the sample that was written, got it ${made}`);
    },
    async renew(first, count) {
      if (Math.floor(first / samples) !== pass) {
        pass = Math.floor(first / samples);
        await beginPass(first);
      }
      if (refresh > 0) await makeDue(dueAt(first + count, window).to, count);
    },
  };
}
