// A teacher of SD 1.x's topology and the surrogates of its stages, all of random weights.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { initCheckpoint } from '../../src/models/initCheckpoint-node.js';
import {
  nanosdUnetFile,
  stagedUnetOf,
  stagedUnetParams,
  unetStagePrefix,
  type PipelineFiles,
} from '../../src/models/index.js';
import { openCheckpoint, type OpenCheckpoint } from '../../src/models/openCheckpoint-node.js';
import { weightsFileName } from '../../src/models/modelFolder-node.js';
import { stagePlace } from '../../src/distillation/index.js';
import {
  cutUnet,
  inheritUnet,
  stageNames,
  stageOptions,
  teacherStages,
} from '../../src/surgery/index.js';
import { fromFloat64, Random, toFloat32, type Tensor } from '../../src/tensor/index.js';
import { writeSafetensorsFile } from '../../src/weights/safetensors-node.js';
import { tinyFiles } from '../generation/tinyPipeline.js';

const { unet, vae, text_encoder, scheduler } = tinyFiles;

export const tinyTeacherFiles: PipelineFiles = {
  unet: {
    ...unet,
    block_out_channels: [8, 16, 16, 16],
    down_block_types: [...new Array<string>(3).fill('CrossAttnDownBlock2D'), 'DownBlock2D'],
    layers_per_block: 2,
    sample_size: 8,
    up_block_types: ['UpBlock2D', ...new Array<string>(3).fill('CrossAttnUpBlock2D')],
  },
  vae,
  text_encoder,
  scheduler,
};

export async function writeTeacher(
  folder: string,
  files: PipelineFiles = tinyTeacherFiles,
): Promise<OpenCheckpoint> {
  await initCheckpoint(folder, files, { seed: 3 });
  return openCheckpoint(folder);
}

/** Writes a surrogate for every option but the teacher's own: inherited weights with `noise` of their size added. */
export async function writeSurrogates(
  folder: string,
  teacher: OpenCheckpoint,
  noise: number,
): Promise<void> {
  const own = { config: stagedUnetOf(teacher.unet.network), weights: teacher.unet.weights };
  for (const stage of stageNames) {
    for (const option of stageOptions[stage].slice(0, -1)) {
      const config = cutUnet(own.config, { ...teacherStages, [stage]: option }, 'dropped');
      const source = inheritUnet(own, config);
      const prefix = `${unetStagePrefix(config, stagePlace(stage))}.`;
      const random = Random.seeded(stage.charCodeAt(1), option.length);
      const weights = new Map<string, Tensor>();
      for (const { name } of stagedUnetParams(config)) {
        if (!name.startsWith(prefix)) continue;
        weights.set(name, perturbed(await source.read(name), noise, random));
      }
      const path = join(folder, `${stage}-${option}`);
      await mkdir(path, { recursive: true });
      await writeFile(join(path, 'config.json'), JSON.stringify(nanosdUnetFile(config)));
      await writeSafetensorsFile(join(path, weightsFileName), weights);
    }
  }
}

function perturbed(weight: Tensor, noise: number, random: Random): Tensor {
  const values = toFloat32(weight);
  const size = Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / values.length);
  const changed = values.map((x) => x + noise * size * random.normal());
  return fromFloat64('float32', weight.shape, changed);
}
