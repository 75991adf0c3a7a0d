import type { RunIdentity } from '../training/index.js';
import type { FeatureLoss } from './featureLoss.js';
import type { Surrogate } from './surrogate.js';

/** `||B_ij(F) - B_i(F)||^2 / ||B_i(F)||^2` over held-out features. */
export interface RelativeErrors {
  /** Over all outputs together. */
  readonly all: number;
  /** `hidden`, `skip.0`, ... */
  readonly outputs: Readonly<Record<string, number>>;
}

/** `report.json` of a surrogate. */
export interface SurrogateReport extends Surrogate {
  readonly steps: number;
  readonly loss: FeatureLoss;
  readonly relativeError: { readonly before: RelativeErrors; readonly after: RelativeErrors };
  /** Of the stage: weights, and multiply-accumulates for one latent of the size that was trained on. */
  readonly parameters: number;
  readonly macs: number;
  /** Of training, in one thread. */
  readonly seconds: number;
  /** Pairs of a step and the mean loss up to it since the one before. */
  readonly lossCurve: readonly (readonly [number, number])[];
  /** What the surrogate follows from. */
  readonly identity: RunIdentity;
}

/** What training tells of one step. */
interface StepLoss {
  readonly step: number;
  readonly loss: number;
}

/** At most `points` points of a curve: means over spans of equal length, at the last step of each. */
export function lossCurve(
  steps: readonly StepLoss[],
  points: number,
): readonly (readonly [number, number])[] {
  const span = Math.max(1, Math.ceil(steps.length / points));
  return Array.from({ length: Math.ceil(steps.length / span) }, (_, i) => {
    const part = steps.slice(i * span, (i + 1) * span);
    const mean = part.reduce((sum, { loss }) => sum + loss, 0) / part.length;
    return [part[part.length - 1].step, mean] as const;
  });
}

/** From sums of squares `error:NAME` and `power:NAME`. */
export function relativeErrors(sums: ReadonlyMap<string, number>): RelativeErrors {
  const outputs: Record<string, number> = {};
  let [errors, powers] = [0, 0];
  for (const [key, error] of sums) {
    const [kind, name] = key.split(':');
    if (kind !== 'error') continue;
    const power = sums.get(`power:${name}`) ?? 0;
    outputs[name] = error / power;
    errors += error;
    powers += power;
  }
  return { all: errors / powers, outputs };
}
