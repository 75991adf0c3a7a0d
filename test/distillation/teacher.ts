import { join } from 'node:path';
import { initCheckpoint } from '../../src/models/initCheckpoint-node.js';
import { tinyFiles } from '../checkpoints/tinyFiles.js';
import { writePictures } from '../training/pictures.js';

/** SD 1.5's four levels at their smallest. */
const unet = {
  ...tinyFiles.unet,
  block_out_channels: [8, 8, 8, 8],
  down_block_types: [
    'CrossAttnDownBlock2D',
    'CrossAttnDownBlock2D',
    'CrossAttnDownBlock2D',
    'DownBlock2D',
  ],
  up_block_types: ['UpBlock2D', 'CrossAttnUpBlock2D', 'CrossAttnUpBlock2D', 'CrossAttnUpBlock2D'],
};

/** Writes a teacher of random weights, and photographs beside it. */
export async function writeTeacher(
  folder: string,
): Promise<{ readonly teacher: string; readonly photos: string }> {
  const [teacher, photos] = [join(folder, 'teacher'), join(folder, 'photos')];
  await initCheckpoint(teacher, { ...tinyFiles, unet }, { seed: 1 });
  await writePictures(photos, 4, 24);
  return { teacher, photos };
}
