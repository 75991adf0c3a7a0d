/** What weights reach on a set: one measure, and over how many pictures it is the mean. */
export type ValidationScore = {
  readonly images: number;
} & (PsnrYScore | PsnrScore | LossScore);

interface PsnrYScore {
  /** In dB: 8-bit studio luma, `scale` pixels of border left out. */
  readonly psnrY: number;
}

interface PsnrScore {
  /** In dB: 8-bit RGB, whole pictures. */
  readonly psnr: number;
}

interface LossScore {
  /** Lower is better. */
  readonly loss: number;
  /** Of a denoiser: the loss in equal parts of the timesteps, from the least noise to the most. */
  readonly byTimestep?: readonly number[];
}

export interface ValidationReport {
  /** Updates that the weights had seen. */
  readonly step: number;
  readonly validation: Readonly<Record<string, ValidationScore>>;
  readonly ms: number;
}

/** The mean over sets: what decides which weights are the best. Higher is better. */
export function meanScore({ validation }: ValidationReport): number {
  const scores = Object.values(validation).map((score) => {
    if ('psnrY' in score) return score.psnrY;
    return 'psnr' in score ? score.psnr : -score.loss;
  });
  return scores.reduce((sum, score) => sum + score, 0) / scores.length;
}

/** A score's number, as precise as it makes sense. */
export function scoreNumber(score: ValidationScore): string {
  if ('psnrY' in score) return score.psnrY.toFixed(2);
  return 'psnr' in score ? score.psnr.toFixed(2) : score.loss.toPrecision(4);
}

/** A score as people read it: `31.23 dB`. */
export function formatScore(score: ValidationScore): string {
  return 'loss' in score ? `loss ${scoreNumber(score)}` : `${scoreNumber(score)} dB`;
}
