import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeSurrogates, writeTeacher } from '../../../test/search/tinyFamily.js';
import { stagedUnetParams } from '../../models/index.js';
import type { OpenCheckpoint } from '../../models/openCheckpoint-node.js';
import { parseStages } from '../../surgery/index.js';
import { toFloat32 } from '../../tensor/index.js';
import { matchWeights } from '../../weights/index.js';
import { openSafetensorsFile } from '../../weights/safetensors-node.js';
import { assembleStudent, openSurrogates, teacherUnet } from './assembleStudent-node.js';

let folder: string;
let teacher: OpenCheckpoint;
let surrogates: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nanosd-assemble-'));
  teacher = await writeTeacher(join(folder, 'teacher'));
  surrogates = join(folder, 'surrogates');
  await writeSurrogates(surrogates, teacher, 0.1);
});

afterAll(async () => {
  await teacher[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

describe('assembleStudent', () => {
  it('takes each stage from its surrogate, and the rest and the own options from the teacher', async () => {
    const stages = parseStages('RA RARA R RR RARARA R');
    await using student = await assembleStudent(teacherUnet(teacher.unet), surrogates, stages);
    const { weights, config } = student;
    matchWeights(stagedUnetParams(config), weights.entries);

    const surrogate = async (stage: string, name: string) => {
      await using file = await openSafetensorsFile(
        join(surrogates, stage, 'diffusion_pytorch_model.safetensors'),
      );
      return toFloat32(await file.read(name));
    };
    const own = async (name: string) => toFloat32(await teacher.unet.weights.read(name));
    const read = async (name: string) => toFloat32(await weights.read(name));

    const e1 = 'down_blocks.0.resnets.0.conv1.weight';
    expect(await read(e1)).toEqual(await surrogate('E1-RA', e1));
    const d3 = 'up_blocks.0.resnets.1.conv1.weight';
    expect(await read(d3)).toEqual(await surrogate('D3-RR', d3));
    const d1 = 'up_blocks.2.resnets.0.conv1.weight';
    expect(await read(d1)).toEqual(await surrogate('D1-R', d1));
    for (const name of [
      'conv_in.weight',
      'time_embedding.linear_1.weight',
      'conv_norm_out.weight',
      'conv_out.bias',
      'down_blocks.1.resnets.1.conv2.weight',
    ]) {
      expect(await read(name)).toEqual(await own(name));
    }
    // D2 of the student is the teacher's up_blocks.2, as the coarsest level is dropped.
    const inherited = await read('up_blocks.1.attentions.2.proj_in.weight');
    expect(inherited).toEqual(await own('up_blocks.2.attentions.2.proj_in.weight'));
  });

  it('lists every surrogate that is missing', async () => {
    for (const name of ['E1-RA', 'D2-R']) {
      await rename(join(surrogates, name), join(folder, name));
    }
    const unet = teacherUnet(teacher.unet);
    const stages = parseStages('RA RARA R RR R R');
    await expect(assembleStudent(unet, surrogates, stages)).rejects.toThrow(
      'surrogates: expected the surrogates E1-RA, D2-R, got no E1-RA/diffusion_pytorch_model',
    );
    {
      await using opened = await openSurrogates(surrogates, unet);
      expect(opened.missing).toEqual(['E1-RA', 'D2-R']);
      const others = await opened.assemble(parseStages('R RARA R RR RR R'));
      expect(others.weights.entries.size).toBeGreaterThan(100);
    }
    for (const name of ['E1-RA', 'D2-R']) {
      await rename(join(folder, name), join(surrogates, name));
    }
  });

  it('names the file of a surrogate that does not fit', async () => {
    await rename(join(surrogates, 'E1-RA'), join(folder, 'kept'));
    await rename(join(surrogates, 'E1-R'), join(surrogates, 'E1-RA'));
    const unet = teacherUnet(teacher.unet);
    const stages = parseStages('RA RARA RARA RARARA RARARA RARARA');
    await expect(assembleStudent(unet, surrogates, stages)).rejects.toThrow(
      /E1-RA.diffusion_pytorch_model.safetensors: expected \d+ weights, got \d+ that do not match/,
    );
    await rename(join(surrogates, 'E1-RA'), join(surrogates, 'E1-R'));
    await rename(join(folder, 'kept'), join(surrogates, 'E1-RA'));
  });

  it('says where it expected surrogates', async () => {
    await expect(
      assembleStudent(
        teacherUnet(teacher.unet),
        join(folder, 'nowhere'),
        parseStages('R R R R R R'),
      ),
    ).rejects.toThrow(
      'nowhere: expected a folder of surrogates, such as nanosd distill writes, got none',
    );
  });
});
