import type { Executor, Graph } from '../../graph/index.js';
import type { StagedUnetConfig, Unet2DConditionSize } from '../../models/index.js';
import { toFloat16 } from '../../onnx/index.js';
import type { StageName, Stages } from '../../surgery/index.js';
import { assembledGraph, endParts, stageParts, type PartToMeasure } from './latencyParts.js';
import type { LatencyDevice, LatencyEntry, LatencyTable } from './latencyTable.js';
import { measureLatencies, type Latency, type MeasureOptions } from './measureLatencies.js';
import {
  checkPredictions,
  type MeasuredNetwork,
  type PredictionCheck,
} from '../quality/predictionCheck.js';

/** What is to be measured. */
export interface ProfileRequest {
  /** What the table calls it. */
  readonly name: string;
  readonly teacher: StagedUnetConfig;
  readonly size: Unet2DConditionSize;
  readonly stages: readonly StageName[];
  /** Parts beside the U-Net's own, such as the VAE. */
  readonly others: readonly PartToMeasure[];
  /** Whole networks that the predictions are compared with, measured in the same rounds; at least 2, or none. */
  readonly networks: readonly Stages[];
  readonly precision: 'fp32' | 'fp16';
}

export interface Profile {
  readonly table: LatencyTable;
  readonly networks: readonly MeasuredNetwork[];
  /** Null where no networks were measured. */
  readonly check: PredictionCheck | null;
}

/**
 * Measures each option of each stage of a teacher's design space on a device, with its ends, and whole networks
 * to check the predictions with.
 * @param device what the table says of the device; the precision is added to it.
 * @throws ConfigError for a teacher that surgery does not know; as `measureLatencies`.
 */
export async function profileUnet(
  executor: Executor,
  device: LatencyDevice,
  request: ProfileRequest,
  options: MeasureOptions,
): Promise<Profile> {
  const { name, teacher, size, precision } = request;
  const parts = [
    ...endParts(teacher, size),
    ...request.stages.flatMap((stage) => stageParts(teacher, stage, size)),
    ...request.others,
  ];
  const networks = request.networks.map((stages) => assembledGraph(teacher, stages, size));
  const graphs = [...parts.map(({ graph }) => graph), ...networks];
  const latencies = await measureLatencies(
    executor,
    graphs.map((graph) => inPrecision(graph, precision)),
    options,
  );
  const table: LatencyTable = {
    format: 'nanosd-latency-table',
    version: 1,
    device: { ...device, precision },
    network: {
      teacher: name,
      block_out_channels: teacher.levels.map(({ channels }) => channels),
      ...{ batch: size.batch, height: size.height, width: size.width },
      context_tokens: size.contextTokens,
    },
    entries: parts.map((part, i) => entryOf(part, latencies[i])),
  };
  const measured = request.networks.map((stages, i) => ({
    stages,
    measuredMs: latencies[parts.length + i].median,
  }));
  if (measured.length === 0) return { table, networks: measured, check: null };
  const check = checkPredictions(table, measured);
  return {
    table: { ...table, network_offset_ms: rounded(check.offsetMs) },
    networks: measured,
    check,
  };
}

function inPrecision(graph: Graph, precision: 'fp32' | 'fp16'): Graph {
  return precision === 'fp16' ? toFloat16(graph) : graph;
}

function entryOf({ stage, option }: PartToMeasure, latency: Latency): LatencyEntry {
  const { median, q1, q3, runs } = latency;
  return {
    ...{ stage, option, median_ms: rounded(median), q1_ms: rounded(q1), q3_ms: rounded(q3) },
    runs,
  };
}

/** To microseconds. */
function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
