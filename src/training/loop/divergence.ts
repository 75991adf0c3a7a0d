/** Losses that the next one is compared with, and how many in a row have to be out of proportion. */
const WINDOW = 100;
const IN_A_ROW = 5;

/** How far from the median a loss is out of proportion, and below which size none is, whatever the median. */
const FACTOR = 100;
const SMALLEST = 10;

/** The numbers of a run have grown beyond all bounds. */
export class DivergedError extends RangeError {
  constructor(found: string) {
    const advice = 'a lower learning_rate, a longer lr_warmup_steps or a max_grad_norm may help';
    super(`${found}: the run has diverged; ${advice}`);
  }
}

/** Tells a run whose loss has exploded from one whose losses vary. */
export interface DivergenceWatch {
  /** Whether the latest losses were out of proportion: the weights may be spoilt. */
  readonly isDoubtful: boolean;
  /** The last step whose loss was in proportion; null before the first. */
  readonly lastGood: number | null;
  /**
   * Hears of the loss of a step.
   * @throws DivergedError once five in a row are more than 100 times the median of the last hundred in proportion, and above 10:
   * pictures lie within 0 and 1 and noise has a deviation of one, so that no network that predicts anything is so far off.
   */
  hear(step: number, loss: number): void;
}

export function createDivergenceWatch(): DivergenceWatch {
  const good: number[] = [];
  let [doubtful, lastGood]: [number, number | null] = [0, null];
  return {
    get isDoubtful() {
      return doubtful > 0;
    },
    get lastGood() {
      return lastGood;
    },
    hear(step, loss) {
      const median = medianOf(good);
      if (median === null || loss <= Math.max(SMALLEST, FACTOR * median)) {
        doubtful = 0;
        lastGood = step;
        good.push(loss);
        if (good.length > WINDOW) good.shift();
        return;
      }
      doubtful += 1;
      if (doubtful < IN_A_ROW) return;
      const [expected, got] = [median, loss].map((value) => value.toPrecision(3));
      throw new DivergedError(
        `expected a loss like the ${expected} of before, got ${got} in step ${step}`,
      );
    },
  };
}

function medianOf(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}
