import { expect, it } from 'vitest';
import { schedulerConfigSchema } from '../diffusion/index.js';
import { float32, zeros, type Tensor } from '../tensor/index.js';
import { bytesSource, encodeSafetensors, openSafetensors, type Checkpoint } from '../weights/index.js';
import { ldmFiles, ldmNotices, missingParts } from './ldmFile.js';

const first = 'model.diffusion_model.input_blocks.0.0.weight';
const vae = 'first_stage_model.decoder.conv_in.weight';

/** A file of these names; the first convolution takes `channels`. */
async function fileOf(
  names: readonly string[],
  metadata: Record<string, string> = {},
  channels = 4,
): Promise<Checkpoint> {
  const weights = names.map((name): [string, Tensor] => [
    name,
    name === first ? zeros('float32', [1, channels, 3, 3]) : float32([1], [1]),
  ]);
  const bytes = Buffer.concat([...encodeSafetensors(new Map(weights), metadata)]);
  return openSafetensors(bytesSource(bytes, 'model.safetensors'));
}
const schedulerOf = async (names: readonly string[], metadata?: Record<string, string>) => {
  const { scheduler } = ldmFiles(await fileOf([first, vae, ...names], metadata), 'x');
  return schedulerConfigSchema.parse(scheduler);
};

it.each([
  [[], {}, 'epsilon', false],
  [[], { 'modelspec.prediction_type': 'v' }, 'v_prediction', false],
  [[], { 'modelspec.prediction_type': 'epsilon' }, 'epsilon', false],
  [[], { ss_v_parameterization: 'True' }, 'v_prediction', false],
  [['v_pred'], {}, 'v_prediction', false],
  [['v_pred', 'ztsnr'], {}, 'v_prediction', true],
])('a file with %j and the notes %j predicts %s', async (names, notes, prediction, zeroSnr) => {
  const file = await schedulerOf(names, notes);
  expect(file.prediction_type ?? 'epsilon').toBe(prediction);
  expect(file.rescale_betas_zero_snr ?? false).toBe(zeroSnr);
  const notices = ldmNotices(await fileOf([first, vae, ...names], notes));
  expect(notices).toHaveLength(prediction === 'epsilon' ? 0 : 1);
});

it('passes over what no network has, and says so', async () => {
  const names = ['denoiser.sigmas', 'embedding_manager.a.b', 'embedding_manager.a.c', 'model_ema.x'];
  const file = await fileOf([first, vae, ...names]);
  expect(missingParts(file.entries)).toBeUndefined();
  expect(ldmNotices(file)).toEqual([
    'ignored of the weights: "denoiser.sigmas", "embedding_manager.a"',
  ]);
});

it.each([
  [[first], 'one that has no VAE'],
  [[vae], 'one that has no U-Net'],
  [['model_ema.x', vae], 'one with averaged weights alone'],
  [['fancy.weight'], 'a file without a U-Net and a VAE, whose weights begin with "fancy.weight"'],
])('says what a file of %j lacks', async (names, problem) => {
  expect(missingParts((await fileOf(names)).entries)).toContain(problem);
});

it('knows a U-Net that inpaints by what it takes, and refuses one that sees depth', async () => {
  const nine = await fileOf([first, vae], {}, 9);
  expect(missingParts(nine.entries)).toBeUndefined();
  expect(ldmFiles(nine, 'x').unet).toMatchObject({ in_channels: 9 });
  expect(missingParts((await fileOf([first, vae], {}, 5)).entries)).toContain('takes 5 channels');
});
