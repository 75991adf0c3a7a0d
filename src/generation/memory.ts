import { graphCost, type Graph } from '../graph/index.js';
import {
  clipText,
  decoderOf,
  encoderOf,
  nanosdUnet,
  pixelsPerLatent,
  type Autoencoder,
  type ClipTextConfig,
  type StagedUnetConfig,
} from '../models/index.js';
import { formatBytes, MemoryError } from '../runtime/memory.js';
import type { GenerationPlan } from './createPipeline.js';
import type { PictureSides } from './generationRequest.js';

// Measured as the peak resident memory of SD 1.5's networks at 512 x 512 pixels in ONNX Runtime on the CPU, and rounded up.

/** The program itself: JavaScript, libvips and ONNX Runtime. */
const PROGRAM_BYTES = 160e6;
/** Weights are laid out anew for the kernels that read them. */
const WEIGHT_FACTOR = 1.1;
/** While they are loaded, weights that are stored in half the precision are there before and after. */
const HALF_LOADING_FACTOR = 1.9;
/** ONNX Runtime's arena over the activations that are alive at once, after a few runs. */
const ARENA_FACTOR = 2.2;

/** The networks of a pipeline, and how their weights are stored. */
export interface PipelineSizes {
  /** Null where prompts are looked up. */
  readonly textEncoder: ClipTextConfig | null;
  /** Of a prompt. */
  readonly contextTokens: number;
  readonly unet: StagedUnetConfig;
  readonly vae: Autoencoder;
  /** Whether weights are stored in 16 bits. */
  readonly storedInHalves: boolean;
}

/** What of a request decides about memory. */
export interface RequestSizes {
  readonly size: PictureSides;
  /** Whether it starts from a picture, which is to be encoded. */
  readonly fromImage: boolean;
  /** Whether it is guided, which takes two outputs of the U-Net a step. */
  readonly guided: boolean;
}

/** About how many bytes it takes to make a picture. */
export function generationBytes(
  sizes: PipelineSizes,
  { size, fromImage, guided }: RequestSizes,
  plan: GenerationPlan,
): number {
  const multiple = pixelsPerLatent(sizes.vae);
  const [height, width] = [size.height / multiple, size.width / multiple];
  const batch = guided && plan.guidance === 'batched' ? 2 : 1;
  const { contextTokens } = sizes;
  const bytes = (graph: Graph): number => networkBytes(graph, sizes.storedInHalves);
  const staying = [
    bytes(nanosdUnet(sizes.unet, { batch, height, width, contextTokens })),
    bytes(decoderOf(sizes.vae, { batch: 1, height, width })),
    fromImage ? bytes(encoderOf(sizes.vae, { batch: 1, ...size })) : 0,
  ];
  // The text encoder goes once the prompt is encoded, but not all that it held returns to the system.
  const text = sizes.textEncoder ? bytes(clipText(sizes.textEncoder, { batch: 1 })) : 0;
  const others =
    plan.residency === 'one' ? Math.max(...staying) : staying.reduce((sum, part) => sum + part);
  return PROGRAM_BYTES + text + others;
}

function networkBytes(graph: Graph, storedInHalves: boolean): number {
  const { parameters, peakBytes } = graphCost({ ...graph, taps: [] });
  const running = WEIGHT_FACTOR * 4 * parameters + ARENA_FACTOR * peakBytes;
  const loading = (storedInHalves ? HALF_LOADING_FACTOR : WEIGHT_FACTOR) * 4 * parameters;
  return Math.max(running, loading);
}

/**
 * The first of these plans for which `available` bytes are enough.
 * @throws MemoryError saying how much it takes when none is.
 */
export function choosePlan(
  sizes: PipelineSizes,
  request: RequestSizes,
  available: number,
  plans: readonly GenerationPlan[],
): { readonly plan: GenerationPlan; readonly bytes: number } {
  const choices = plans.map((plan) => ({ plan, bytes: generationBytes(sizes, request, plan) }));
  const fitting = choices.find(({ bytes }) => bytes <= available);
  if (fitting) return fitting;
  const least = Math.min(...choices.map(({ bytes }) => bytes));
  const { width, height } = request.size;
  throw new MemoryError(
    `expected ${formatBytes(least)} of memory to make a picture of ${width}x${height} pixels, ` +
      `got ${formatBytes(available)}`,
  );
}
