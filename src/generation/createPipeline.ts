import {
  checkSampling,
  createScheduler,
  schedulerConfig,
  type Scheduler,
  type SchedulerFile,
  type SchedulerName,
} from '../diffusion/index.js';
import type { Image } from '../image/index.js';
import { ConfigError, pixelsPerLatent } from '../models/index.js';
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
import {
  openPipelineNetworks,
  type NetworkParts,
  type PipelineNetworks,
} from './pipelineNetworks.js';
import { fitLatentColours, latentPreview, type Decode, type LatentColours } from './preview.js';
import type { PromptEncoder } from './promptEncoder.js';
import type { Residency } from './sessions.js';

/** What a pipeline is made of. It owns none of it, but the sessions that it loads. */
export interface PipelineParts extends NetworkParts {
  readonly encodePrompts: PromptEncoder;
  /** The checkpoint's `scheduler_config.json`. */
  readonly scheduler: SchedulerFile;
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
  /** How much memory may be used; the most unless given. */
  readonly plan?: GenerationPlan;
}

/** Where memory is spent to save time. */
export interface GenerationPlan {
  readonly guidance: GuidanceMode;
  readonly residency: Residency;
}

const roomyPlan: GenerationPlan = { guidance: 'batched', residency: 'all' };

export interface GeneratedImage {
  readonly seed: number;
  /** [3, H, W] in [0, 1]. */
  readonly image: Image;
}

/** Text to pictures, or pictures and text to pictures. Dispose of it to give the memory back. */
export interface DiffusionPipeline extends AsyncDisposable {
  /** Sides of pictures are multiples of this, in pixels. */
  readonly sizeMultiple: number;
  /** The checkpoint's own, which requests that name none get. */
  readonly scheduler: SchedulerName;
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
export function createPipeline(parts: PipelineParts): DiffusionPipeline {
  checkParts(parts);
  const networks = openPipelineNetworks(parts);
  let colours: LatentColours | undefined;
  const decode: Decode = (latents, shape) => networks.decode(latents, shape);
  const previewColours = async (): Promise<LatentColours> =>
    (colours ??= await fitLatentColours(parts.unet.inChannels, decode));
  return {
    sizeMultiple: pixelsPerLatent(parts.vae),
    scheduler: schedulerConfig(parts.scheduler).name,
    generate: (request, options = {}) =>
      generateImages(parts, networks, previewColours, request, options),
    [Symbol.asyncDispose]: () => networks[Symbol.asyncDispose](),
  };
}

async function* generateImages(
  parts: PipelineParts,
  networks: PipelineNetworks,
  previewColours: () => Promise<LatentColours>,
  request: GenerationRequest,
  options: GenerateOptions,
): AsyncGenerator<GeneratedImage> {
  const { signal, onProgress, onPreview, plan = roomyPlan } = options;
  const { seeds, source } = request;
  signal?.throwIfAborted();
  const shape = latentShape(parts, request);
  const scheduler = requestedScheduler(parts.scheduler, request);
  networks.keep(plan.residency);
  const conditioning = await encodeConditioning(parts, request, options);
  signal?.throwIfAborted();
  const colours = onPreview && (await previewColours());
  const clean = source ? await networks.encode(source.image) : null;
  for (const [image, seed] of seeds.entries()) {
    signal?.throwIfAborted();
    const session = await networks.unet({
      batch: predictorBatch(conditioning, plan.guidance),
      height: shape[2],
      width: shape[3],
      contextTokens: conditioning.conditional.shape[1],
    });
    const predict = guidedPredictor(session, conditioning, plan.guidance, shape, signal);
    const steps = scheduler.timesteps.length;
    const at = (step: number): GenerationProgress => ({ image, images: seeds.length, step, steps });
    onProgress?.(at(0));
    const onStep = (step: number, foreseen: Float32Array): void => {
      onProgress?.(at(step));
      if (colours) onPreview?.(latentPreview(colours, foreseen, shape), at(step));
    };
    const latents = await denoise({ scheduler, predict, shape, seed, clean, onStep });
    signal?.throwIfAborted();
    yield { seed, image: await networks.decode(latents, shape) };
  }
}

function latentShape({ unet, vae }: PipelineParts, request: GenerationRequest): Shape {
  const multiple = pixelsPerLatent(vae);
  checkRequest(request, multiple);
  const { width, height } = request.size;
  return [1, unet.inChannels, height / multiple, width / multiple];
}

function requestedScheduler(file: SchedulerFile, request: GenerationRequest): Scheduler {
  const { steps = defaultSteps, source } = request;
  checkSampling(file, request.scheduler);
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
