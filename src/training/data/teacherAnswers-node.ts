import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Session } from '../../graph/index.js';
import { ConfigError, type ForeignNetwork } from '../../models/index.js';
import { openForeignNetwork } from '../../runtime/openForeignNetwork-node.js';
import { createNodeExecutor } from '../../runtime/ort-node.js';
import { tensor, toFloat32, type Tensor } from '../../tensor/index.js';

/** A frozen network whose answers are learned from, as the threads that ask it know it: plain data. */
export interface TeacherOptions {
  /** An ONNX model, or the weights of a network from outside. */
  readonly path: string;
  /** What is told to networks that take a noise level, of 255. */
  readonly noiseLevel: number | null;
}

/** Answers `[N, 3, scale s, scale s]` in [0, 1] to degraded crops `[N, 3, s, s]`. */
export type TeacherAnswers = (samples: Tensor<'float32'>) => Promise<Tensor<'float32'>>;

/** Asks a teacher in this thread, one crop at a time, so that an answer does not depend on its neighbours. */
export function openTeacherAnswers(options: TeacherOptions, scale: number): TeacherAnswers {
  let opened: Promise<Session> | undefined;
  return async (samples) => {
    const [count, channels, height, width] = samples.shape;
    opened ??= openSession(options, { height, width });
    const session = await opened;
    const [size, answered] = [channels * height * width, channels * height * scale * width * scale];
    const answers = new Float32Array(count * answered);
    for (let i = 0; i < count; i++) {
      const one = samples.data.slice(i * size, (i + 1) * size);
      const sample = tensor('float32', [1, channels, height, width], one);
      const { out_sample } = await session.run({ sample });
      const answer = toFloat32(out_sample).map((value) => Math.min(1, Math.max(0, value)));
      answers.set(answer, i * answered);
    }
    return tensor('float32', [count, channels, height * scale, width * scale], answers);
  };
}

async function openSession(
  options: TeacherOptions,
  size: { readonly height: number; readonly width: number },
): Promise<Session> {
  const network = await openTeacher(options);
  const graph = network.graph({ batch: 1, ...size });
  return createNodeExecutor({ threads: 1 }).load(graph, network.weights);
}

function openTeacher({ path, noiseLevel }: TeacherOptions): Promise<ForeignNetwork> {
  return openForeignNetwork(path, noiseLevel === null ? {} : { noiseLevel });
}

/**
 * Checks that a teacher answers to crops of `sampleSize` pixels a side with colours, `scale` times as large; gives a fingerprint of it.
 * @throws ConfigError, of one line, where it does not; WeightsError for a file that is no network.
 */
export async function requireTeacher(
  options: TeacherOptions,
  { scale, sampleSize }: { readonly scale: number; readonly sampleSize: number },
): Promise<string> {
  const network = await openTeacher(options);
  const refuse = (expected: string, got: string): ConfigError =>
    new ConfigError(`teacher.model: ${options.path}: expected ${expected}, got ${got}`);
  const { architecture, inChannels, outChannels, multiple, fixedSize, takesNoiseLevel } = network;
  if (network.scale !== scale) {
    throw refuse(
      `a network of scale ${scale}, the model's`,
      `${architecture} of scale ${network.scale}`,
    );
  }
  if (inChannels !== 3 || outChannels !== 3) {
    throw refuse('3 channels in and out', `${inChannels} in and ${outChannels} out`);
  }
  const fits = fixedSize
    ? fixedSize.width === sampleSize && fixedSize.height === sampleSize
    : sampleSize % multiple === 0;
  if (!fits) {
    const taken = fixedSize ? `${fixedSize.width}x${fixedSize.height}` : `multiples of ${multiple}`;
    throw refuse(
      `a network that takes data.sample_size, ${sampleSize}x${sampleSize}`,
      `one for ${taken}`,
    );
  }
  if (options.noiseLevel !== null && !takesNoiseLevel) {
    throw refuse('a network that is told a noise level (teacher.noise_level)', architecture);
  }
  const digest = createHash('sha256')
    .update(await readFile(options.path))
    .digest('hex');
  const told = options.noiseLevel === null ? '' : ` told ${options.noiseLevel}`;
  return `${digest.slice(0, 32)}${told}`;
}
