/** What making samples takes, in milliseconds by a clock, of all threads that make them. */
export interface DataCosts {
  /** Decoding photographs. */
  readonly decode: number;
  /** Making crops worse. */
  readonly degrade: number;
  /** Reading samples of a pool. */
  readonly read: number;
  /** Drawing crops, turning them and writing them as numbers. */
  readonly pack: number;
}

export type DataPart = keyof DataCosts;

/** Adds up what parts of the work take. */
export interface DataClock {
  readonly costs: DataCosts;
  time<T>(part: DataPart, work: () => T): T;
  timeAsync<T>(part: DataPart, work: () => Promise<T>): Promise<T>;
}

export const noCosts: DataCosts = { decode: 0, degrade: 0, read: 0, pack: 0 };

export function createDataClock(): DataClock {
  const costs = { ...noCosts };
  const add = (part: DataPart, begun: number): void => {
    costs[part] += performance.now() - begun;
  };
  return {
    costs,
    time(part, work) {
      const begun = performance.now();
      const result = work();
      add(part, begun);
      return result;
    },
    async timeAsync(part, work) {
      const begun = performance.now();
      const result = await work();
      add(part, begun);
      return result;
    },
  };
}

export function addCosts(a: DataCosts, b: DataCosts): DataCosts {
  return {
    decode: a.decode + b.decode,
    degrade: a.degrade + b.degrade,
    read: a.read + b.read,
    pack: a.pack + b.pack,
  };
}
