import type { DType } from '../../tensor/index.js';

/** What a pickle of weights can hold; everything else is refused. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleValue[]
  | PickleTuple
  | PickleDict
  | PickleGlobal
  | TorchStorage
  | TorchTensor
  | Opaque;

export class PickleTuple {
  constructor(readonly items: readonly PickleValue[]) {}
}

/** A dict, in the order of its file. Keys that are objects are told apart as objects are. */
export class PickleDict {
  readonly members = new Map<PickleValue, PickleValue>();
}

/** A name that a pickle asks for. It is one of a closed list, and nothing is loaded for it. */
export class PickleGlobal {
  constructor(readonly name: string) {}
}

/** Elements that lie outside the pickle. */
export class TorchStorage {
  constructor(
    /** Null where we have no such type. */
    readonly dtype: DType | null,
    /** Torch's own word for the type, for messages. */
    readonly type: string,
    readonly key: string,
    /** Elements, or for a storage without a type bytes. */
    readonly length: number,
  ) {}
}

/** A view of a storage. */
export class TorchTensor {
  constructor(
    readonly storage: TorchStorage,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
  ) {}
}

/** Something that is known to be harmless and is of no use here: a scalar of NumPy, the name of a callback. */
export class Opaque {
  constructor(readonly name: string) {}
}

/** Where the elements of a storage lie in the file, in bytes. */
export interface StoragePlace {
  readonly offset: number;
  readonly length: number;
}
