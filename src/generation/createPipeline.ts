import {
  createScheduler,
  schedulerConfig,
  type Scheduler,
  type SchedulerFile,
} from '../diffusion/index.js';
import type { Graph, Session } from '../graph/index.js';
import type { Image } from '../image/index.js';
import {
  ConfigError,
  decoderOf,
  encoderOf,
  pixelsPerLatent,
  unet2DCondition,
  type Autoencoder,
  type Unet2DConditionConfig,
} from '../models/index.js';
import type { Shape } from '../tensor/index.js';
import {
  denoise,
  guidedPredictor,
  predictorBatch,
  type Conditioning,
  type GuidanceMode,
} from './denoise.js';
import {
  checkRequest,
  defaultGuidanceScale,
  defaultSteps,
  type GenerationRequest,
} from './generationRequest.js';
import { decodeLatents, encodeImage } from './latents.js';
import { fitLatentColours, latentPreview, type LatentColours } from './preview.js';
import type { PromptEncoder } from './promptEncoder.js';
import { createLoadedNetworks, type Residency } from './sessions.js';

/** What a pipeline is made of. It owns none of it, but the sessions that it loads. */
export interface PipelineParts {
  readonly encodePrompts: PromptEncoder;
  readonly unet: Unet2DConditionConfig;
  readonly vae: Autoencoder;
  /** The checkpoint's `scheduler_config.json`. */
  readonly scheduler: SchedulerFile;
  /** Makes a graph of the U-Net or of the VAE ready to run, with its weights. */
  readonly load: (component: 'unet' | 'vae', graph: Graph) => Promise<Session>;
}

export interface GenerationProgress {
  /** Pictures finished before this one, and all that were asked for. */
  readonly image: number;
  readonly images: number;
  /** Steps of this picture done, and all of them. */
  readonly step: number;
  readonly steps: number;
}

export interface GenerateOptions {
  /** Rejects with the signal's reason; what is being computed is not waited for. */
  readonly signal?: AbortSignal;
  /** Called before the first step of a picture and after each. */
  readonly onProgress?: (progress: GenerationProgress) => void;
  /** Called after each step with what the picture is going to be, a pixel a cell of the latent. */
  readonly onPreview?: (preview: Image, progress: GenerationProgress) => void;
  /** Called with the words of a prompt that the text encoder has no room for. */
  readonly onTruncated?: (words: string, prompt: string) => void;
  /** `sequential` unless given: two runs a step, at half the activations of `batched`. */
  readonly guidance?: GuidanceMode;
}

export interface GeneratedImage {
  readonly seed: number;
  /** [3, H, W] in [0, 1]. */
  readonly image: Image;
}

/** Text to pictures, or pictures and text to pictures. Dispose of it to give the memory back. */
export interface DiffusionPipeline extends AsyncDisposable {
  /** Sides of pictures are multiples of this, in pixels. */
  readonly sizeMultiple: number;
  /**
   * Makes the pictures one after the other. One call at a time.
   * @throws RangeError for a request that cannot be; the signal's reason when aborted.
   */
  generate(request: GenerationRequest, options?: GenerateOptions): AsyncGenerator<GeneratedImage>;
}

/**
 * A latent diffusion pipeline: encode the prompt, denoise, decode.
 * @throws ConfigError when the parts do not fit each other.
 */
export function createPipeline(
  parts: PipelineParts,
  residency: Residency = 'all',
): DiffusionPipeline {
  checkParts(parts);
  const { unet, vae } = parts;
  const sizeMultiple = pixelsPerLatent(vae);
  const networks = createLoadedNetworks(residency);
  let colours: LatentColours | undefined;

  const latentShape = ({ size }: GenerationRequest): Shape => {
    const { width, height } = size;
    return [1, unet.inChannels, height / sizeMultiple, width / sizeMultiple];
  };
  const decode = async (latents: Float32Array, shape: Shape): Promise<Image> => {
    const [batch, , height, width] = shape;
    const session = await networks.get('decoder', `${width}x${height}`, () =>
      parts.load('vae', decoderOf(vae, { batch, height, width })),
    );
    return decodeLatents(session, vae, latents, shape);
  };
  const encodeSource = async ({
    source,
    size,
  }: GenerationRequest): Promise<Float32Array | null> => {
    if (!source) return null;
    const { width, height } = size;
    const session = await networks.get('encoder', `${width}x${height}`, () =>
      parts.load('vae', encoderOf(vae, { batch: 1, height, width })),
    );
    return encodeImage(session, vae, source.image);
  };
  const openUnet = (batch: number, shape: Shape, contextTokens: number): Promise<Session> => {
    const [, , height, width] = shape;
    const key = [batch, height, width, contextTokens].join();
    return networks.get('unet', key, () =>
      parts.load('unet', unet2DCondition(unet, { batch, height, width, contextTokens })),
    );
  };

  async function* generate(
    request: GenerationRequest,
    options: GenerateOptions = {},
  ): AsyncGenerator<GeneratedImage> {
    const { signal, onProgress, onPreview, guidance = 'sequential' } = options;
    signal?.throwIfAborted();
    checkRequest(request, sizeMultiple);
    const scheduler = requestedScheduler(parts.scheduler, request);
    const shape = latentShape(request);
    const conditioning = await encodeConditioning(parts, request, options);
    signal?.throwIfAborted();
    if (onPreview) colours ??= await fitLatentColours(unet.inChannels, decode);
    const clean = await encodeSource(request);
    const { seeds } = request;
    for (const [image, seed] of seeds.entries()) {
      signal?.throwIfAborted();
      const batch = predictorBatch(conditioning, guidance);
      const session = await openUnet(batch, shape, conditioning.conditional.shape[1]);
      const predict = guidedPredictor(session, conditioning, guidance, shape, signal);
      const steps = scheduler.timesteps.length;
      const at = (step: number) => ({ image, images: seeds.length, step, steps });
      onProgress?.(at(0));
      const onStep = (step: number, foreseen: Float32Array): void => {
        onProgress?.(at(step));
        if (colours) onPreview?.(latentPreview(colours, foreseen, shape), at(step));
      };
      const latents = await denoise({ scheduler, predict, shape, seed, clean, onStep });
      signal?.throwIfAborted();
      yield { seed, image: await decode(latents, shape) };
    }
  }

  return { sizeMultiple, generate, [Symbol.asyncDispose]: () => networks[Symbol.asyncDispose]() };
}

function requestedScheduler(file: SchedulerFile, request: GenerationRequest): Scheduler {
  const { steps = defaultSteps, source } = request;
  const config = schedulerConfig(file, ...(request.scheduler ? [request.scheduler] : []));
  return createScheduler(config, steps, source ? { strength: source.strength } : {});
}

async function encodeConditioning(
  { encodePrompts, unet }: PipelineParts,
  request: GenerationRequest,
  { onTruncated }: GenerateOptions,
): Promise<Conditioning> {
  const { prompt, negativePrompt = '', guidanceScale = defaultGuidanceScale } = request;
  const guided = guidanceScale !== 1;
  const prompts = guided ? [prompt, negativePrompt] : [prompt];
  const encoded = await encodePrompts(prompts);
  encoded.forEach(({ truncated, hiddenStates }, i) => {
    if (truncated !== '') onTruncated?.(truncated, prompts[i]);
    const width = hiddenStates.shape[2];
    if (width === unet.crossAttentionDim) return;
    throw new ConfigError(
      `expected prompts of width ${unet.crossAttentionDim} (cross_attention_dim), got ${width}`,
    );
  });
  const [positive, negative] = encoded;
  return {
    conditional: positive.hiddenStates,
    unconditional: guided ? negative.hiddenStates : null,
    guidanceScale,
  };
}

function checkParts({ unet, vae }: PipelineParts): void {
  const { latentChannels } = vae.config;
  if (unet.inChannels === latentChannels && unet.outChannels === latentChannels) return;
  throw new ConfigError(
    `expected a U-Net of ${latentChannels} channels in and out, as the VAE's latents have, got one of ` +
      `${unet.inChannels} and ${unet.outChannels} (inpainting and depth models are not supported)`,
  );
}
