import {
  clampImage,
  cropBorder,
  cropImage,
  imresize,
  niqeModelFromWeights,
  quantizeImage,
  type Image,
  type NiqeModel,
  type ResizeKernel,
} from '../../image/index.js';
import { ImageFileError } from '../../image/sharp-node.js';
import { packagePath } from '../../models/packageFolder-node.js';
import { WeightsError } from '../../weights/index.js';
import { readSafetensorsFile } from '../../weights/safetensors-node.js';
import type { PerceptualMeter } from './perceptualMeter-node.js';
import { scoreAlone, scoreImage, type TimedScores } from './scores.js';
import type { Subject, SubjectPictures } from './subjects-node.js';

/** What is evaluated: a network, or an interpolation. */
export interface RestorationMethod {
  readonly scale: number;
  /** Untimed work before a picture of this size. */
  prepare(width: number, height: number): Promise<void>;
  restore(image: Image): Promise<Image>;
}

/** An interpolation that networks are compared with; at a scale of 1 the picture as it is. */
export function interpolation(scale: number, kernel: ResizeKernel): RestorationMethod {
  return {
    scale,
    prepare: () => Promise.resolve(),
    restore: (image) =>
      Promise.resolve(scale === 1 ? image : clampImage(imresize(image, { scale, kernel }))),
  };
}

export interface EvaluationOptions {
  readonly pristine: NiqeModel;
  /** Pixels left out on each side; as many as the scale unless given, none at a scale of 1. */
  readonly border?: number;
  readonly perceptual?: PerceptualMeter;
}

/** A subject, what each method made of it, and the scores of that, in the order of the methods. */
export interface Evaluated {
  readonly subject: Subject;
  readonly pictures: SubjectPictures;
  readonly results: readonly { readonly image: Image; readonly scores: TimedScores }[];
}

/**
 * Restores subjects by each of some methods of one scale, and scores the results against the originals, or alone where there are none.
 * @throws ImageFileError naming the files that cannot be read or do not belong together.
 */
export async function* evaluate(
  subjects: readonly Subject[],
  methods: readonly RestorationMethod[],
  options: EvaluationOptions,
): AsyncGenerator<Evaluated> {
  for (const subject of subjects) {
    const pictures = await subject.load();
    const results = [];
    for (const method of methods) {
      const { width, height } = pictures.poor;
      await method.prepare(width, height);
      const start = performance.now();
      const image = await method.restore(pictures.poor);
      const ms = performance.now() - start;
      const border = options.border ?? (method.scale === 1 ? 0 : method.scale);
      const scores = await score(subject, pictures, image, { ...options, border });
      results.push({ image, scores: { ...scores, ms } });
    }
    yield { subject, pictures, results };
  }
}

/**
 * The pristine model of NIQE in a weights file, or the one that the package ships.
 * @throws WeightsError when the file does not hold one.
 */
export async function readNiqeModel(
  path = packagePath('models', 'niqe', 'pristine.safetensors'),
): Promise<NiqeModel> {
  const { tensors } = await readSafetensorsFile(path);
  try {
    return niqeModelFromWeights(tensors);
  } catch (error) {
    throw new WeightsError(`${path}: ${(error as Error).message}`, { cause: error });
  }
}

async function score(
  { path }: Subject,
  { reference }: SubjectPictures,
  image: Image,
  { pristine, border, perceptual }: EvaluationOptions & { readonly border: number },
): Promise<Omit<TimedScores, 'ms'>> {
  try {
    if (!reference) return { ...scoreAlone(image, { cropBorder: border, pristine }), sqz: NaN };
    const width = Math.min(reference.width, image.width);
    const height = Math.min(reference.height, image.height);
    const [expected, actual] = [reference, image].map((one) => cropImage(one, 0, 0, width, height));
    const scores = scoreImage(expected, actual, { cropBorder: border, pristine });
    const [a, b] = [expected, quantizeImage(actual)].map((one) => cropBorder(one, border));
    return { ...scores, sqz: perceptual ? await perceptual.distance(a, b) : NaN };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new ImageFileError(`${path}: ${error.message}`, { cause: error });
  }
}
