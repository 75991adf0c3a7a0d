import { nanosdUnetFile, type PipelineToWrite } from '../../models/index.js';
import type { OpenCheckpoint } from '../../models/openCheckpoint-node.js';
import {
  tokenizerWriter,
  writeCheckpoint,
  type WriteCheckpointOptions,
} from '../../models/writeCheckpoint-node.js';
import type { TensorSource } from '../../weights/index.js';
import type { AssembledStudent } from './assembleStudent-node.js';

/**
 * Writes a student as a checkpoint: its U-Net as a `NanoSDUNet2DConditionModel`, and everything else of the teacher.
 * @throws WeightsError as `writeCheckpoint`.
 */
export async function writeStudent(
  folder: string,
  teacher: OpenCheckpoint,
  { config, weights }: Pick<AssembledStudent, 'config'> & { readonly weights: TensorSource },
  options: WriteCheckpointOptions = {},
): Promise<void> {
  const { sample_size: side } = teacher.unet.file;
  const file = nanosdUnetFile(config, typeof side === 'number' ? side : undefined);
  const network = { className: 'NanoSDUNet2DConditionModel', config } as const;
  const pipeline: PipelineToWrite = { ...teacher, unet: { network, file, weights } };
  await writeCheckpoint(folder, pipeline, tokenizerWriter(teacher.tokenizerFolder), options);
}
