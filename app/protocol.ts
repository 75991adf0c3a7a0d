// What the page and its worker say to each other.
import type { PictureType } from '../src/web.js';

/** Everything the page can ask for: what it sends, what it is told meanwhile, what it gets. */
export interface Calls {
  listDevices: { args: null; progress: never; result: readonly string[] };
  open: { args: OpenArgs; progress: Fraction; result: OpenedModel };
  restore: { args: RestoreArgs; progress: Fraction; result: RestoredPhoto };
  convert: { args: ConvertArgs; progress: never; result: RestoredPhoto };
  restoreFrame: { args: ImageBitmap; progress: never; result: RestoredFrame };
}

export type CallName = keyof Calls;

/** A part of a whole: bytes of a model, tiles of a picture. */
export interface Fraction {
  readonly done: number;
  /** Undefined where nobody knows. */
  readonly total: number | undefined;
}

export interface OpenArgs {
  /** Where the model's folder is, or a file that was dropped on the page. */
  readonly model: string | File;
  readonly device: string;
  readonly threads: number;
}

export interface OpenedModel {
  /** What is really used. */
  readonly device: string;
  readonly threads: number;
  readonly scale: number;
  readonly task: string;
  /** Why it is not what was asked for. */
  readonly rejected: { readonly device: string; readonly problem: string } | null;
}

export interface RestoreArgs {
  readonly file: Blob;
  readonly scale: number;
  /** For models with two sets of weights. */
  readonly fidelity?: number;
}

export interface ConvertArgs {
  /** The PNG file that restoring gave. */
  readonly restored: Blob;
  readonly original: Blob;
  readonly type: PictureType;
  readonly quality: number;
  readonly metadata: 'keep' | 'strip';
}

export interface RestoredPhoto {
  readonly blob: Blob;
  readonly width: number;
  readonly height: number;
  readonly kept: readonly string[];
  readonly lost: readonly string[];
  readonly ms: number;
}

export interface RestoredFrame {
  readonly bitmap: ImageBitmap;
  /** Of the network alone. */
  readonly ms: number;
}

export type Request =
  | { readonly [N in CallName]: { id: number; name: N; args: Calls[N]['args'] } }[CallName]
  | { readonly id: number; readonly name: 'cancel' };

export type Reply =
  | { readonly id: number; readonly kind: 'progress'; readonly progress: Fraction }
  | { readonly id: number; readonly kind: 'result'; readonly result: Calls[CallName]['result'] }
  | {
      readonly id: number;
      readonly kind: 'failure';
      readonly name: string;
      readonly message: string;
    };
