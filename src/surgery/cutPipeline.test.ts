import { describe, expect, it } from 'vitest';
import { fourLevelFiles } from '../../test/checkpoints/fourLevelFiles.js';
import {
  initialWeights,
  parsePipeline,
  presets,
  stagedUnetOf,
  type Component,
  type ComponentConfig,
  type PipelineFiles,
  type PipelineToWrite,
} from '../models/index.js';
import { cutPipeline, type SurgeryPlan } from './cutPipeline.js';
import { parseStages } from './stages.js';
import { surgeryCard } from './surgeryCard.js';
import { surgeryReport } from './surgeryReport.js';

function teacherOf(files: PipelineFiles): PipelineToWrite {
  const { unet, vae, textEncoder, promptEmbeddings, ...rest } = parsePipeline(
    files,
    (component) => component,
  );
  const withWeights = <C extends ComponentConfig>(component: C) => ({
    ...component,
    weights: initialWeights(component.network, 5, 'float32'),
  });
  return {
    ...rest,
    unet: withWeights(unet),
    vae: withWeights(vae),
    textEncoder: textEncoder && withWeights(textEncoder),
    promptEmbeddings: promptEmbeddings && withWeights(promptEmbeddings),
  };
}

const plan: SurgeryPlan = {
  stages: parseStages('RA R RR RR R R'),
  coarsest: 'dropped',
  width: 1,
  vaeWidth: 1,
  importance: 'first',
};
const teacher = teacherOf(fourLevelFiles);
const { block_out_channels: widths } = fourLevelFiles.unet;

describe('cutting a checkpoint', () => {
  it('replaces what is cut, and leaves all else as it is', async () => {
    const student = await cutPipeline(teacher, plan);
    expect(student.textEncoder).toBe(teacher.textEncoder);
    expect(student.vae).toBe(teacher.vae);
    expect(student.unet.file).toMatchObject({
      _class_name: 'NanoSDUNet2DConditionModel',
      block_out_channels: widths.slice(0, 3),
      down_stages: ['RA', 'R', 'RR'],
      up_stages: ['RR', 'R', 'R'],
      // Each of the decoder's resnets reads the slot of the teacher's resnet that it was.
      up_skips: [[0, 2], [0], [0]],
      skip_slots: 3,
      mid_block: false,
      sample_size: 8,
    });
    expect(parsePipeline({ ...fourLevelFiles, unet: student.unet.file }, (name) => name)).toEqual(
      expect.objectContaining({
        unet: expect.objectContaining({ network: student.unet.network }) as Component,
      }),
    );
  });

  it('keeps the coarsest level where it is asked to', async () => {
    const { unet } = await cutPipeline(teacher, { ...plan, coarsest: 'kept' });
    expect(unet.file).toMatchObject({
      down_stages: ['RA', 'R', 'RR', 'RR'],
      up_stages: ['RRR', 'RR', 'R', 'R'],
      up_skips: [[0, 1, 2], [0, 2], [0], [0]],
      mid_block: true,
    });
  });

  it.each(['first', 'norm'] as const)(
    'makes both networks narrower by the %s',
    async (importance) => {
      const narrower = { stages: null, width: 0.5, vaeWidth: 0.5, importance };
      let reads = 0;
      const control = { onProgress: () => reads++ };
      const { unet, vae } = await cutPipeline(teacher, { ...plan, ...narrower }, control);
      expect(stagedUnetOf(unet.network).levels.map(({ channels }) => channels)).toEqual([
        4, 8, 12, 12,
      ]);
      expect(vae.file).toMatchObject({ block_out_channels: [4, 8], latent_channels: 4 });
      expect((await vae.weights.read('decoder.conv_in.weight')).shape).toEqual([8, 4, 3, 3]);
      expect(reads > 0).toBe(importance === 'norm');
    },
  );

  it('stops when it is told to', async () => {
    const narrower: SurgeryPlan = { ...plan, width: 0.5, importance: 'norm' };
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(cutPipeline(teacher, narrower, { signal })).rejects.toThrow('enough');
  });
});

describe('teachers that do not fit', () => {
  const refuse = async (unet: object, message: string, changes: Partial<SurgeryPlan> = {}) => {
    const files = { ...fourLevelFiles, unet: { ...fourLevelFiles.unet, ...unet } };
    await expect(cutPipeline(teacherOf(files), { ...plan, ...changes })).rejects.toThrow(message);
  };

  it('have another number of levels', () =>
    refuse(
      {
        block_out_channels: [8, 16],
        down_block_types: ['CrossAttnDownBlock2D', 'DownBlock2D'],
        up_block_types: ['UpBlock2D', 'CrossAttnUpBlock2D'],
      },
      'expected a teacher of 4 levels (SD 1.x), got one of 2',
    ));

  it('have fewer layers, or no transformers where the stage has', async () => {
    await refuse(
      { layers_per_block: 1 },
      'E3: expected a teacher that RR can be cut from, got one of RA',
    );
    await refuse(
      {
        down_block_types: ['DownBlock2D', ...new Array<string>(3).fill('CrossAttnDownBlock2D')],
      },
      'E1: expected a teacher that RA can be cut from, got one of RR',
    );
  });

  it('lead to D3 with other channels than E3 gives', async () => {
    const uneven = { block_out_channels: [8, 16, 24, 32] };
    await refuse(uneven, 'two coarsest levels have equally many channels, because D3 takes');
    const files = { ...fourLevelFiles, unet: { ...fourLevelFiles.unet, ...uneven } };
    await cutPipeline(teacherOf(files), { ...plan, coarsest: 'kept' });
  });

  it('would have levels alike that are not', () =>
    refuse({}, 'expected a width that keeps levels of 8 and 16 channels apart, got 0.2', {
      width: 0.2,
    }));

  it('have a VAE of another class', async () => {
    const vae = {
      _class_name: 'AutoencoderTiny',
      encoder_block_out_channels: [8, 8],
      decoder_block_out_channels: [8, 8],
      num_encoder_blocks: [1, 1],
      num_decoder_blocks: [1, 1],
      latent_channels: 4,
    };
    const tiny = teacherOf({ ...fourLevelFiles, vae });
    await expect(cutPipeline(tiny, { ...plan, vaeWidth: 0.5 })).rejects.toThrow(
      'expected an AutoencoderKL to make narrower, got a VAE of class AutoencoderTiny',
    );
  });
});

it('reports SD 1.5 before and after by the stages of the paper', async () => {
  const sd15 = teacherOf(presets.sd15);
  const cut = { ...plan, stages: parseStages('R R R RR R R') };
  const student = await cutPipeline(sd15, cut);
  const report = surgeryReport(sd15, student, { width: 512, height: 512 });
  const rows = new Map(report.rows.map((row) => [row.name, row]));
  expect(report.rows.map(({ name }) => name)).toEqual([
    ...['text_encoder', 'unet', 'conv_in+time', 'E1', 'E2', 'E3', 'E4', 'Mid', 'D4', 'D3'],
    ...['D2', 'D1', 'out', 'vae', 'total'],
  ]);
  expect(rows.get('unet')?.before.parameters).toBe(859_520_964);
  expect((rows.get('unet')?.after?.parameters ?? 0) / 1e6).toBeCloseTo(169.9, 1);
  expect(rows.get('D3')).toMatchObject({ layers: ['RARARA', 'RR'] });
  expect(rows.get('D3')?.before.parameters).toBe(258_330_880);
  expect(rows.get('Mid')).toMatchObject({ layers: [null, null], after: null });
  const facts = { name: 'nano', teacher: 'sd15', plan: cut, report, command: 'nanosd surgery' };
  const card = surgeryCard(facts);
  expect(card).toContain('- U-Net: stages `R R R RR R R` (E1 E2 E3 D3 D2 D1)\n- E4, Mid and D4 d');
  expect(card).toMatch(/\| D3 +\| RARARA → RR +\| 258,330,880 +\| [\d,]+ +\| 75\.\d+ +\|/);
});
