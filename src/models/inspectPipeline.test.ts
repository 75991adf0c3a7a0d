import { describe, expect, it } from 'vitest';
import { inspectNetwork, inspectPipeline } from './inspectPipeline.js';
import { componentClasses, parseNetwork } from './network.js';
import { parsePipeline } from './pipeline.js';
import { presets, type PresetName } from './presets.js';

const size = { width: 512, height: 512 };

function inspect(preset: PresetName) {
  const configs = parsePipeline(presets[preset], (component) => component);
  const { components, total } = inspectPipeline(configs, size);
  const report = (name: 'unet' | 'vae' | 'text_encoder') =>
    components.get(name) ?? expect.fail(`no ${name}`);
  return { unet: report('unet'), vae: report('vae'), text: report('text_encoder'), total };
}

describe('SD 1.5 at 512x512', () => {
  const { unet, vae, text, total } = inspect('sd15');

  // Parameters and tensors as published; GMAC as counted elsewhere, within one per cent.
  it.each([
    ['conv_in+time', 2_062_400, 6, 0.05],
    ['down0', 10_524_480, 74, 54.8],
    ['down1', 36_818_560, 76, 34.2],
    ['down2', 139_992_320, 76, 31.9],
    ['down3', 62_277_120, 20, 3.8],
    ['mid', 97_038_080, 46, 6.1],
    ['up0', 162_241_280, 38, 12.9],
    ['up1', 258_330_880, 116, 75.8],
    ['up2', 71_413_120, 116, 83.4],
    ['up3', 18_810_560, 114, 98.8],
    ['out', 12_164, 4, 0.05],
  ])('%s of the U-Net', (name, parameters, tensors, gmac) => {
    const stage = unet.stages.find((each) => each.name === name) ?? expect.fail(`no ${name}`);
    expect(stage).toMatchObject({ parameters, tensors });
    // Small ones are given with a single digit.
    expect(Math.abs(stage.gmac - gmac)).toBeLessThan(Math.max(0.01 * gmac, 0.005));
  });

  it('has its stages in order, and they add up', () => {
    expect(unet.stages.map(({ name }) => name)).toEqual([
      ...['conv_in+time', 'down0', 'down1', 'down2', 'down3', 'mid'],
      ...['up0', 'up1', 'up2', 'up3', 'out'],
    ]);
    expect(unet.total).toMatchObject({ parameters: 859_520_964, tensors: 686 });
    expect(unet.total.gmac).toBeCloseTo(401.6, 1);
  });

  it('has a VAE of two stages, quant convolutions included', () => {
    expect(vae.stages).toMatchObject([
      { name: 'encoder', parameters: 34_163_592 + 72 },
      { name: 'decoder', parameters: 49_490_179 + 20 },
    ]);
    expect(vae.total).toMatchObject({ parameters: 83_653_863, tensors: 248 });
    expect(vae.stages.map(({ gmac }) => Math.round(gmac))).toEqual([558, 1257]);
  });

  it('has a text encoder', () => {
    expect(text.stages).toMatchObject([{ name: 'text', parameters: 123_060_480, tensors: 196 }]);
    expect(total.parameters).toBe(859_520_964 + 83_653_863 + 123_060_480);
  });
});

it.each([
  ['bk-sdm-base', 579_384_964, 261.5],
  ['bk-sdm-small', 482_346_884, 255.4],
  ['bk-sdm-tiny', 323_384_964, 242.8],
] as const)('%s has the U-Net that was published', (preset, parameters, gmac) => {
  const { unet } = inspect(preset);
  expect(unet.total.parameters).toBe(parameters);
  expect(unet.total.gmac).toBeCloseTo(gmac, 1);
});

it('says the nearest size to one that is no whole number of latents', () => {
  const vae = parseNetwork(presets.sd15.vae, componentClasses.vae, 'vae');
  expect(() => inspectNetwork(vae, { width: 500, height: 3 })).toThrow(
    'expected sides that are multiples of 8, such as 504x8, got 500x3',
  );
});
