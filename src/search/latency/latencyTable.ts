import { z } from 'zod';
import { ConfigError, parseConfig } from '../../models/index.js';
import { stageNames, stageOptions, type StageName, type Stages } from '../../surgery/index.js';

/** What a U-Net has besides its stages; a table without them predicts the stages alone. */
export const unetEnds = ['conv_in+time', 'out'] as const;

/** The other networks of a checkpoint, which a table may hold too; they are no part of a prediction. */
export const otherNetworks = ['text_encoder', 'vae_encoder', 'vae_decoder'] as const;

/** The option of a part that has no options. */
export const ONLY_OPTION = '-';

export type LatencyPart = StageName | (typeof unetEnds)[number] | (typeof otherNetworks)[number];

const milliseconds = z.number().min(0).max(1e9);
const count = z.int().min(1).max(1_000_000);

const entrySchema = z
  .strictObject({
    stage: z.enum([...stageNames, ...unetEnds, ...otherNetworks]),
    /** A string of `R` and `A`; `-` for a part without options. */
    option: z.string(),
    median_ms: milliseconds,
    /** Quartiles; absent where a table that was measured elsewhere has none. */
    q1_ms: milliseconds.optional(),
    q3_ms: milliseconds.optional(),
    /** Measured runs, after those that warm up. */
    runs: count.optional(),
  })
  .superRefine(({ stage, option, q1_ms, median_ms, q3_ms }, context) => {
    const options = optionsOf(stage);
    if (!options.includes(option)) {
      const message = `expected one of ${options.join(', ')} for ${stage}`;
      context.addIssue({ code: 'custom', path: ['option'], message });
    }
    if ((q1_ms ?? 0) > median_ms || (q3_ms ?? Infinity) < median_ms) {
      const message = `expected a median from q1_ms to q3_ms (${q1_ms} to ${q3_ms})`;
      context.addIssue({ code: 'custom', path: ['median_ms'], message });
    }
  });

/** What was measured on: enough to tell whether two tables can be compared. */
const deviceSchema = z.strictObject({
  /** `cpu`, `webgpu`, `cuda`, ..., or whatever a device elsewhere is called. */
  name: z.string().min(1),
  processor: z.string().optional(),
  /** Logical ones, of the machine. */
  cores: count.optional(),
  /** Inside an operator; absent where the runtime chose. */
  threads: count.optional(),
  platform: z.string().optional(),
  /** `onnxruntime-node`, `onnxruntime-web`, ... */
  runtime: z.string().optional(),
  runtime_version: z.string().optional(),
  /** Of weights and products: `fp32`, `fp16`, `w8a16`, ... */
  precision: z.string().optional(),
  /** ISO 8601, as the one who measured gives it. */
  date: z.string().optional(),
});

/** What the parts were cut from, and what they ran on. */
const networkSchema = z.strictObject({
  teacher: z.string(),
  /** From fine to coarse. */
  block_out_channels: z.array(count).min(1).max(8),
  batch: count,
  /** Of the latent. */
  height: count,
  width: count,
  context_tokens: count,
});

/** `latency.json`: what each option of each stage of a U-Net takes on a device. */
export const latencyTableSchema = z
  .strictObject({
    format: z.literal('nanosd-latency-table'),
    version: z.literal(1),
    device: deviceSchema,
    network: networkSchema.optional(),
    entries: z.array(entrySchema).min(1),
    /**
     * Added to a sum of parts to predict a whole network: the median of what whole networks took more (or
     * less, as each part hands its maps over and a whole network does not) than the sum of their parts.
     */
    network_offset_ms: z.number().optional(),
  })
  .superRefine(({ entries }, context) => {
    const seen = new Set<string>();
    entries.forEach(({ stage, option }, i) => {
      const key = entryKey(stage, option);
      if (seen.has(key)) {
        const message = `expected each option once, got ${key} twice`;
        context.addIssue({ code: 'custom', path: ['entries', i], message });
      }
      seen.add(key);
    });
  });

export type LatencyTable = z.output<typeof latencyTableSchema>;
export type LatencyEntry = LatencyTable['entries'][number];
export type LatencyDevice = LatencyTable['device'];
export type LatencyNetwork = NonNullable<LatencyTable['network']>;

/**
 * Checks a latency table that was read from JSON.
 * @param source what messages call it, such as the path of its file.
 * @throws ConfigError naming everything that does not fit.
 */
export function parseLatencyTable(value: unknown, source: string): LatencyTable {
  return parseConfig(latencyTableSchema, value, source);
}

/** The options of a part: those of the design space for a stage, and one for anything else. */
export function optionsOf(part: LatencyPart): readonly string[] {
  const stage = stageNames.find((name) => name === part);
  return stage ? stageOptions[stage] : [ONLY_OPTION];
}

/** The options of the stages that a table has no entry for, such as `E1 RA`. */
export function missingOptions({ entries }: LatencyTable): readonly string[] {
  const held = new Set(entries.map(({ stage, option }) => entryKey(stage, option)));
  return stageNames
    .flatMap((stage) => stageOptions[stage].map((option) => entryKey(stage, option)))
    .filter((key) => !held.has(key));
}

/**
 * What a U-Net of the design space takes for one step, in milliseconds: the sum of its parts' medians and the
 * table's offset for whole networks, never below 0.
 * @throws ConfigError naming the options that the table has no entry for.
 */
export function predictLatency(table: LatencyTable, stages: Stages): number {
  return Math.max(0, sumOfParts(table, stages) + (table.network_offset_ms ?? 0));
}

/** The medians of a network's stages and of its ends, as far as the table has these. */
export function sumOfParts({ entries, device }: LatencyTable, stages: Stages): number {
  const medians = new Map(
    entries.map(({ stage, option, median_ms }) => [entryKey(stage, option), median_ms]),
  );
  const keys = stageNames.map((stage) => entryKey(stage, stages[stage]));
  const missing = keys.filter((key) => !medians.has(key));
  if (missing.length > 0) {
    throw new ConfigError(
      `latency table of ${device.name}: expected entries for ${missing.join(', ')}, got none`,
    );
  }
  const ends = unetEnds.map((part) => entryKey(part, ONLY_OPTION));
  return [...keys, ...ends].reduce((sum, key) => sum + (medians.get(key) ?? 0), 0);
}

function entryKey(part: LatencyPart, option: string): string {
  return `${part} ${option}`;
}
