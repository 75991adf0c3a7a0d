import { rm } from 'node:fs/promises';
import { memoryUsage } from 'node:process';
import { coverImage, type Image } from '../image/index.js';
import { checkOutput, checkOutputSize } from '../image/outputFile-node.js';
import { readImage } from '../image/sharp-node.js';
import type { OpenCheckpoint } from '../models/openCheckpoint-node.js';
import { availableMemory } from '../runtime/availableMemory-node.js';
import type { DiffusionPipeline, GenerateOptions, GenerationPlan } from './createPipeline.js';
import {
  checkSize,
  defaultGuidanceScale,
  defaultSteps,
  nearestSide,
  type GenerationRequest,
  type PictureSides,
} from './generationRequest.js';
import { choosePlan, type PipelineSizes, type RequestSizes } from './memory.js';
import { parametersText } from './parametersText.js';
import { createPreviewFile, writePicture } from './pictureFile-node.js';

/** What is to be made, with pictures in files. */
export interface FileRequest extends Omit<GenerationRequest, 'size' | 'source'> {
  /** That of the source, or else what the checkpoint was trained on, unless given. */
  readonly size?: PictureSides;
  /** Image-to-image: the file to start from, of which the middle is taken where its shape is another. */
  readonly source?: { readonly path: string; readonly strength: number };
}

export interface GenerateFilesOptions extends Omit<GenerateOptions, 'plan' | 'onPreview'> {
  /** Bytes that may be used; by default what the machine, or the container, has left. */
  readonly maxMemory?: number;
  /** A file that shows after each step what the picture is going to be, and is removed in the end. */
  readonly preview?: string;
}

/** A picture that was written. */
export interface GeneratedFile extends PictureSides {
  readonly path: string;
  readonly seed: number;
  /** How long it took to compute. */
  readonly ms: number;
}

/** Says how memory is spent on a request. */
export type Planner = (request: RequestSizes, maxMemory?: number) => GenerationPlan;

export interface GenerationSetup {
  readonly pipeline: DiffusionPipeline;
  readonly checkpoint: OpenCheckpoint;
  readonly plan: Planner;
}

/** The faster first. */
const plans: readonly GenerationPlan[] = [
  { guidance: 'batched', residency: 'all' },
  { guidance: 'sequential', residency: 'all' },
  { guidance: 'sequential', residency: 'one' },
];

/** A planner for networks of these sizes. What they hold from one request to the next counts as free. */
export function createPlanner(sizes: PipelineSizes): Planner {
  let held = 0;
  return (request, maxMemory) => {
    const available = maxMemory ?? availableMemory() + Math.min(held, memoryUsage.rss());
    const { plan, bytes } = choosePlan(sizes, request, available, plans);
    held = bytes;
    return plan;
  };
}

/** Makes the pictures of a request and writes each to its file; see `FilePipeline`. */
export async function* generateFiles(
  setup: GenerationSetup,
  fileRequest: FileRequest,
  outputs: readonly string[],
  options: GenerateFilesOptions,
): AsyncGenerator<GeneratedFile> {
  const { pipeline, checkpoint, plan } = setup;
  const { maxMemory, preview: previewPath, ...runOptions } = options;
  if (outputs.length !== fileRequest.seeds.length) {
    const { length } = fileRequest.seeds;
    throw new RangeError(`expected ${length} files to write, one a seed, got ${outputs.length}`);
  }
  const request = await readRequest(fileRequest, pipeline.sizeMultiple, checkpoint);
  const { size, source, guidanceScale = defaultGuidanceScale } = request;
  await checkOutputs(outputs, size);
  const chosen = plan({ size, fromImage: !!source, guided: guidanceScale !== 1 }, maxMemory);
  const preview = previewPath === undefined ? undefined : createPreviewFile(previewPath);
  const onPreview = (image: Image): void => preview?.show(image, size.width, size.height);
  let start = performance.now();
  let written = 0;
  try {
    for await (const { seed, image } of pipeline.generate(request, {
      ...runOptions,
      plan: chosen,
      ...(preview && { onPreview }),
    })) {
      const ms = performance.now() - start;
      const path = outputs[written++];
      await writePicture(path, image, describe(request, seed, setup));
      yield { path, seed, width: image.width, height: image.height, ms };
      start = performance.now();
    }
  } finally {
    await preview?.settled();
    if (previewPath !== undefined) await rm(previewPath, { force: true });
  }
}

async function readRequest(
  { size: wanted, source, ...rest }: FileRequest,
  multiple: number,
  checkpoint: OpenCheckpoint,
): Promise<GenerationRequest> {
  if (wanted) checkSize(wanted, multiple);
  const image = source && (await readImage(source.path));
  const size = wanted ?? (image ? nearestSize(image, multiple) : trainedSize(checkpoint, multiple));
  if (!image) return { ...rest, size };
  const start = coverImage(image, size.width, size.height);
  return { ...rest, size, source: { image: start, strength: source.strength } };
}

function nearestSize({ width, height }: PictureSides, multiple: number): PictureSides {
  return { width: nearestSide(width, multiple), height: nearestSide(height, multiple) };
}

/** Of latents, in the U-Net's config; 64 cells where it does not say. */
function trainedSize({ unet }: OpenCheckpoint, multiple: number): PictureSides {
  const cells = unet.file.sample_size;
  const side = (typeof cells === 'number' ? cells : 64) * multiple;
  return { width: side, height: side };
}

async function checkOutputs(outputs: readonly string[], size: PictureSides): Promise<void> {
  for (const path of outputs) {
    await checkOutput(path);
    checkOutputSize(path, size.width, size.height);
  }
}

function describe(
  request: GenerationRequest,
  seed: number,
  { pipeline, checkpoint }: GenerationSetup,
): string {
  const { prompt, negativePrompt = '', steps = defaultSteps, size, source } = request;
  return parametersText({
    prompt,
    negativePrompt,
    steps,
    scheduler: request.scheduler ?? pipeline.scheduler,
    guidanceScale: request.guidanceScale ?? defaultGuidanceScale,
    seed,
    ...size,
    model: checkpoint.name,
    strength: source?.strength ?? null,
  });
}
