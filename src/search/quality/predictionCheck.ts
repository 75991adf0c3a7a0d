import { ConfigError } from '../../models/index.js';
import type { Stages } from '../../surgery/index.js';
import { sumOfParts, type LatencyTable } from '../latency/latencyTable.js';
import { median, spearman } from '../algorithms/statistics.js';

/** A whole network that was measured. */
export interface MeasuredNetwork {
  readonly stages: Stages;
  readonly measuredMs: number;
}

/** How far predictions are from what was measured. */
export interface PredictionError {
  /** The median of their absolute differences, in percent of what was measured. */
  readonly medianAbsolutePercent: number;
  /** The median of their differences, in percent: above 0 where they are too long. */
  readonly biasPercent: number;
  /** Of predictions and measurements; NaN for fewer than two networks. */
  readonly spearman: number;
}

/** A table's predictions against whole networks. */
export interface PredictionCheck {
  readonly networks: number;
  /** Of the plain sum of parts. */
  readonly sum: PredictionError;
  /** What whole networks take more than the sum of their parts, or less: the median, in milliseconds. */
  readonly offsetMs: number;
  /** Of the sum and an offset, fitted for each network on all the others. */
  readonly withOffset: PredictionError;
}

/**
 * Compares a table's predictions with whole networks that were measured beside its parts.
 * @throws ConfigError for fewer than two networks, or options that the table lacks.
 */
export function checkPredictions(
  table: LatencyTable,
  networks: readonly MeasuredNetwork[],
): PredictionCheck {
  if (networks.length < 2) {
    throw new ConfigError(`expected at least 2 networks to check with, got ${networks.length}`);
  }
  const measured = networks.map(({ measuredMs }) => measuredMs);
  const sums = networks.map(({ stages }) => sumOfParts(table, stages));
  const differences = measured.map((ms, i) => ms - sums[i]);
  const others = differences.map((_, i) => median(differences.filter((__, k) => k !== i)));
  return {
    networks: networks.length,
    sum: predictionError(sums, measured),
    offsetMs: median(differences),
    withOffset: predictionError(
      sums.map((sum, i) => sum + others[i]),
      measured,
    ),
  };
}

function predictionError(
  predicted: readonly number[],
  measured: readonly number[],
): PredictionError {
  const percents = predicted.map((ms, i) => (100 * (ms - measured[i])) / measured[i]);
  return {
    medianAbsolutePercent: median(percents.map(Math.abs)),
    biasPercent: median(percents),
    spearman: spearman(predicted, measured),
  };
}
