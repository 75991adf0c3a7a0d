import { basename } from 'node:path';
import {
  checkFiniteSource,
  inspectForeign,
  inspectNetwork,
  inspectPipeline,
  inspectRestorer,
  isForeign,
  trainedSize,
  type Checkpoint,
  type ForeignNetwork,
  type NetworkReport,
  type PartReport,
} from '../../src/index.js';
import {
  openCheckpoint,
  openNetworkFolder,
  openRestorerModel,
  readCheckpointConfigs,
  readRestorerModelWeights,
} from '../../src/node.js';
import { createProgressLine } from '../terminal/progress.js';
import { formatTable } from '../terminal/table.js';

export interface InspectFlags {
  readonly size?: { readonly width: number; readonly height: number };
  readonly check: boolean;
  readonly json: boolean;
}

/** What `inspect` prints: one or the other. */
export interface Report {
  readonly json: object;
  readonly text: string;
}

export async function restorerReport(path: string, { size }: InspectFlags): Promise<Report> {
  const { config, ...folder } = await openRestorerModel(path);
  const wanted = size ?? { width: 128, height: 128 };
  if (isForeign(config)) return foreignReport(config.network, wanted);
  // The counts follow from the config; that the weights agree with it is worth knowing too.
  await readRestorerModelWeights({ ...folder, config });
  const report = inspectRestorer(config, wanted);
  const { input, total, stages } = report;
  const table = formatTable([header, ...[...stages, { name: 'total', ...total }].map(partRow)]);
  const peak = megabytes(total.activationPeakBytes);
  return {
    json: report,
    text: `${table}for an input of ${input.width}x${input.height}; activations alive at once: ${peak} (float32)\n`,
  };
}

/** A network that another program has trained: what it is, and what it costs. */
function foreignReport(
  network: ForeignNetwork,
  size: { readonly width: number; readonly height: number },
): Report {
  const { architecture, details, scale, inChannels, outChannels } = network;
  const { multiple, fixedSize, valueRange, takesNoiseLevel } = network;
  const { input, total } = inspectForeign(network, size);
  const [black, white] = valueRange;
  const colours = { 1: 'gray or luma', 3: 'RGB', 4: 'RGBA' }[inChannels] ?? 'channels';
  const anySize = multiple > 1 ? `sides that are multiples of ${multiple}` : 'any size';
  const notes = [
    `${architecture}, ${details}`,
    `x${scale}, ${colours}, values from ${black} to ${white}, ` +
      (fixedSize ? `${fixedSize.width}x${fixedSize.height} alone` : anySize) +
      (takesNoiseLevel ? ', is told the noise level' : ''),
  ];
  const peak = megabytes(total.activationPeakBytes);
  const table = formatTable([header, partRow({ name: 'total', ...total })]);
  return {
    json: {
      ...{ architecture, details, scale, inChannels, outChannels },
      ...{ multiple, fixedSize, valueRange, takesNoiseLevel },
      ...{ input, total },
    },
    text: `${lines(notes)}${table}for an input of ${input.width}x${input.height}; activations alive at once: ${peak} (float32)\n`,
  };
}

export async function networkReport(path: string, flags: InspectFlags): Promise<Report> {
  await using folder = await openNetworkFolder(path);
  const { network, weights } = folder;
  const size = flags.size ?? { width: 512, height: 512 };
  const { total, stages, activationPeakBytes } = inspectNetwork(network, size);
  if (flags.check && weights) await checkWeights([[basename(path), weights]]);
  const rows = [...stages, { name: 'total', ...total }].map(partRow);
  const notes = [
    `for a picture of ${size.width}x${size.height}; activations alive at once: ${megabytes(activationPeakBytes)} (float32)`,
    ...(weights ? [] : ['no weights: counted from the config alone']),
  ];
  return { json: { total, stages }, text: formatTable([header, ...rows]) + lines(notes) };
}

export async function checkpointReport(path: string, flags: InspectFlags): Promise<Report> {
  const configs = await readCheckpointConfigs(path);
  const size = flags.size ?? trainedSize(configs);
  const { input, components, total } = inspectPipeline(configs, size);
  if (configs.hasWeights) await checkCheckpoint(path, flags);
  const rows = [...components].flatMap(([name, report]) => componentRows(name, report));
  const peaks = new Map<string, number>();
  const parts = new Map<string, Pick<NetworkReport, 'total' | 'stages'>>();
  for (const [name, { activationPeakBytes, ...part }] of components) {
    peaks.set(name, activationPeakBytes);
    parts.set(name, part);
  }
  const alive = Array.from(peaks, ([name, bytes]) => `${name} ${megabytes(bytes)}`).join(', ');
  const notes = [
    `for a picture of ${input.width}x${input.height}, and one step of the U-Net`,
    `activations alive at once (float32): ${alive}`,
    ...(configs.hasWeights ? [] : ['no weights: counted from the configs alone']),
    ...configs.notices,
  ];
  return {
    json: {
      ...Object.fromEntries(parts),
      input,
      activationPeakBytes: Object.fromEntries(peaks),
      notices: configs.notices,
    },
    text: formatTable([header, ...rows, partRow({ name: 'total', ...total })]) + lines(notes),
  };
}

/** Opening looks at every name and shape; reading finds numbers that are none. */
async function checkCheckpoint(path: string, { check }: InspectFlags): Promise<void> {
  await using checkpoint = await openCheckpoint(path);
  if (!check) return;
  const { unet, vae, textEncoder, promptEmbeddings } = checkpoint;
  await checkWeights([
    ...(promptEmbeddings ? [['prompt_embeddings', promptEmbeddings.weights] as const] : []),
    ...(textEncoder ? [['text_encoder', textEncoder.weights] as const] : []),
    ['unet', unet.weights],
    ['vae', vae.weights],
  ]);
}

async function checkWeights(
  components: readonly (readonly [name: string, weights: Checkpoint])[],
): Promise<void> {
  const progress = createProgressLine();
  const total = components.reduce((sum, [, { entries }]) => sum + entries.size, 0);
  let done = 0;
  try {
    for (const [name, weights] of components) {
      await checkFiniteSource(weights, `${name}.`, () =>
        progress.update(++done, total, `reading ${name}`),
      );
    }
  } finally {
    progress.clear();
  }
}

const header = ['', 'parameters', 'tensors', 'GMAC'];

function partRow({ name, parameters, tensors, gmac }: PartReport & { readonly name: string }) {
  return [name, parameters.toLocaleString('en'), String(tensors), gmac.toFixed(3)];
}

function componentRows(name: string, { total, stages }: NetworkReport): string[][] {
  const own = stages.length > 1 ? stages : [];
  return [
    partRow({ name, ...total }),
    ...own.map((stage) => partRow({ ...stage, name: `  ${stage.name}` })),
  ];
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('');
}
