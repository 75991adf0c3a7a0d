import { costByStage, graphCost, type Graph, type StageCost } from '../graph/index.js';
import { clipText } from './clipText.js';
import type { PartReport, StageReport } from './inspection.js';
import {
  decoderOf,
  encoderOf,
  isAutoencoder,
  pixelsPerLatent,
  stagedUnetOf,
  type Autoencoder,
  type ComponentName,
  type Network,
} from './network.js';
import { nanosdUnet } from './nanosdUnet.js';
import { ConfigError } from './parseConfig.js';
import type { PipelineConfigs } from './pipeline.js';
import { componentsOf } from './pipelineToWrite.js';
import { promptEmbeddings } from './promptEmbeddings.js';
import { unetStageOf } from './unet2DCondition.js';

/** What a network holds, and what it computes for one input. */
export interface NetworkReport {
  readonly total: PartReport;
  /** In the order of the network: `conv_in+time`, `down0`, ... of a U-Net, `encoder` and `decoder` of a VAE. */
  readonly stages: readonly StageReport[];
  /** The most bytes of float32 activations alive at once. */
  readonly activationPeakBytes: number;
}

export interface InspectedSize {
  readonly width: number;
  readonly height: number;
}

/** What each network of a checkpoint holds and computes for one picture; the U-Net's work is that of one step. */
export interface PipelineReport {
  /** In pixels. */
  readonly input: InspectedSize;
  readonly components: ReadonlyMap<ComponentName, NetworkReport>;
  readonly total: PartReport;
}

/** The picture that a checkpoint's U-Net was trained on, as its config says; of 64x64 latents where it does not. */
export function trainedSize({ unet, vae }: PipelineConfigs): InspectedSize {
  const { sample_size: latents } = unet.file;
  const side = (typeof latents === 'number' ? latents : 64) * pixelsPerLatent(vae.network);
  return { width: side, height: side };
}

/**
 * Counts what a checkpoint holds and computes for one picture of a size.
 * @throws ConfigError for sides that are no whole number of latents, with the nearest that are.
 */
export function inspectPipeline(configs: PipelineConfigs, size: InspectedSize): PipelineReport {
  const { network: vae } = configs.vae;
  const components = Array.from(
    componentsOf(configs),
    ([name, { network }]) => [name, inspectNetwork(network, size, vae)] as const,
  );
  const total = sum(components.map(([, report]) => report.total));
  return { input: size, components: new Map(components), total };
}

/**
 * Counts what one network holds and computes for a picture of a size.
 * @param vae says how many pixels a latent stands for; without one it is 8 a side, as in SD 1.x.
 * @throws ConfigError as `inspectPipeline`.
 */
export function inspectNetwork(
  network: Network,
  { width, height }: InspectedSize,
  vae: Autoencoder | null = asAutoencoder(network),
): NetworkReport {
  const factor = vae ? pixelsPerLatent(vae) : 8;
  requireMultiples(factor, { width, height });
  const pixels = { batch: 1, width, height };
  const latents = { batch: 1, width: width / factor, height: height / factor };
  switch (network.className) {
    case 'UNet2DConditionModel':
    case 'NanoSDUNet2DConditionModel': {
      const unetSize = { ...latents, contextTokens: CLIP_TOKENS };
      return report([nanosdUnet(stagedUnetOf(network), unetSize)], unetStageOf);
    }
    case 'CLIPTextModel':
      return report([clipText(network.config, { batch: 1 })], () => 'text');
    case 'PromptEmbeddings':
      return report([promptEmbeddings(network.config, { batch: 1 })], () => 'prompts');
    default:
      return report([encoderOf(network, pixels), decoderOf(network, latents)], vaeStageOf);
  }
}

const CLIP_TOKENS = 77;

function asAutoencoder(network: Network): Autoencoder | null {
  return isAutoencoder(network) ? network : null;
}

/** `quant_conv` belongs to the encoder, `post_quant_conv` to the decoder. */
function vaeStageOf(paramName: string): string {
  const [part] = paramName.split('.');
  if (part === 'quant_conv') return 'encoder';
  return part === 'post_quant_conv' ? 'decoder' : part;
}

function report(graphs: readonly Graph[], stageOf: (paramName: string) => string): NetworkReport {
  const stages = graphs.flatMap((graph) => [...costByStage(graph, stageOf)].map(stageReport));
  const peaks = graphs.map((graph) => graphCost(graph).peakBytes);
  return { total: sum(stages), stages, activationPeakBytes: Math.max(...peaks) };
}

function stageReport([name, cost]: [string, StageCost]): StageReport {
  const { parameters, tensors, macs } = cost;
  return { name, parameters, tensors, gmac: macs / 1e9 };
}

function sum(parts: readonly PartReport[]): PartReport {
  return parts.reduce(
    (all, { parameters, tensors, gmac }) => ({
      parameters: all.parameters + parameters,
      tensors: all.tensors + tensors,
      gmac: all.gmac + gmac,
    }),
    { parameters: 0, tensors: 0, gmac: 0 },
  );
}

function requireMultiples(factor: number, { width, height }: InspectedSize): void {
  if (width % factor === 0 && height % factor === 0) return;
  const [nearWidth, nearHeight] = [width, height].map((side) => {
    return Math.max(1, Math.round(side / factor)) * factor;
  });
  throw new ConfigError(
    `expected sides that are multiples of ${factor}, such as ${nearWidth}x${nearHeight}, ` +
      `got ${width}x${height}`,
  );
}
