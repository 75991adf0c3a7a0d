import type { ModelFlags } from '../terminal/model.js';

export interface EvalFlags extends ModelFlags {
  readonly hr?: string;
  readonly lr?: string;
  readonly degradation?: string;
  readonly seed: number;
  readonly baseline: 'bicubic' | 'lanczos' | 'none';
  readonly border?: number;
  readonly perceptual?: string;
  readonly niqe?: string;
  readonly save?: string;
  readonly tile?: number;
  readonly json: boolean;
}
