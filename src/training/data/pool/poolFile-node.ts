import { closeSync, openSync, readSync } from 'node:fs';
import { replaceFile } from '../../../weights/replace-file-node.js';
import type { PhotoBatches } from '../photoBatches-node.js';
import { poolFilePath, type PoolPlace } from './poolFolder-node.js';
import { isSealed, poolRecord, recordBytes, sealRecord, type PoolRecord } from './poolPlan.js';

/** Makes the samples of a pool: the planes of number `number`, always the same, into a record. */
export type PoolMaker = (number: number, record: PoolRecord) => Promise<void>;

/** Makes degraded crops and what they came from, the planes `sample` and `target`. */
export function cropMaker(batches: PhotoBatches): PoolMaker {
  return async (number, record) => {
    const batch = await batches.read(number, 1);
    for (const name of ['sample', 'target'] as const) {
      const { data } = batch[name];
      const plane = record.plane(name);
      for (let i = 0; i < data.length; i++) {
        plane[i] = Math.min(255, Math.max(0, Math.round(255 * data[i])));
      }
    }
  };
}

/** A file of a pool that is being made, sample by sample. */
export interface FileInMaking {
  readonly file: number;
  /** Numbers of the samples that it holds: from this one to before that one. */
  readonly from: number;
  readonly to: number;
  /** The first that is not made yet. */
  readonly next: number;
  makeNext(): Promise<void>;
  /** A sample that is made. */
  read(number: number): PoolRecord;
  /**
   * Writes the file, whole.
   * @throws WeightsError when the system refuses.
   */
  write(): Promise<void>;
}

export function beginFile(place: PoolPlace, file: number, make: PoolMaker): FileInMaking {
  const samples = place.samplesInFile;
  const length = recordBytes(place.planes);
  const bytes = new Uint8Array(samples * length);
  const from = file * samples;
  const recordAt = (number: number): PoolRecord => {
    const at = (number - from) * length;
    return poolRecord(place.planes, bytes.subarray(at, at + length));
  };
  let next = from;
  return {
    ...{ file, from, to: from + samples },
    get next() {
      return next;
    },
    async makeNext() {
      const record = recordAt(next);
      await make(next, record);
      sealRecord(record, next, place.key);
      next += 1;
    },
    read: recordAt,
    write: () => replaceFile(poolFilePath(place, file), [bytes]),
  };
}

/** Makes a file and writes it. */
export async function makeFile(place: PoolPlace, file: number, make: PoolMaker): Promise<void> {
  const making = beginFile(place, file, make);
  while (making.next < making.to) await making.makeNext();
  await making.write();
}

/** Reads samples from the files of a pool, which stay open. */
export interface PoolReader extends Disposable {
  /** Null where the file is absent; `damaged` where the bytes are not those of the sample. Valid until the next call. */
  read(number: number): PoolRecord | 'absent' | 'damaged';
  /** Lets go of a file, so that the next read finds what is there then. */
  forget(file: number): void;
}

export function openPoolReader(place: PoolPlace): PoolReader {
  const samples = place.samplesInFile;
  const length = recordBytes(place.planes);
  const record = poolRecord(place.planes, new Uint8Array(length));
  const files = new Map<number, number>();
  const open = (file: number): number | null => {
    const known = files.get(file);
    if (known !== undefined) return known;
    try {
      const descriptor = openSync(poolFilePath(place, file), 'r');
      files.set(file, descriptor);
      return descriptor;
    } catch {
      return null;
    }
  };
  const forget = (file: number): void => {
    const descriptor = files.get(file);
    files.delete(file);
    if (descriptor !== undefined) closeSync(descriptor);
  };
  return {
    read(number) {
      const file = Math.floor(number / samples);
      const descriptor = open(file);
      if (descriptor === null) return 'absent';
      const read = readFully(descriptor, record.bytes, (number % samples) * length);
      return read && isSealed(record, number, place.key) ? record : 'damaged';
    },
    forget,
    [Symbol.dispose]() {
      for (const file of [...files.keys()]) forget(file);
    },
  };
}

/** Whether there were that many bytes; synchronous, for what was written or read lately is in memory. */
function readFully(descriptor: number, bytes: Uint8Array, position: number): boolean {
  try {
    let done = 0;
    while (done < bytes.length) {
      const got = readSync(descriptor, bytes, done, bytes.length - done, position + done);
      if (got === 0) return false;
      done += got;
    }
    return true;
  } catch {
    return false;
  }
}
