import { graphCost } from '../../graph/index.js';
import {
  autoencoderKLConfig,
  inspectRestorer,
  decoderOf,
  encoderOf,
  nanosdAutoencoderConfig,
  nanosdUnet,
  nanosdUnetConfig,
  pixelsPerLatent,
  restorerConfig,
  unet2DCondition,
  unet2DConditionConfig,
  type AutoencoderKLFile,
  type GaussianAutoencoder,
  type NanosdAutoencoderFile,
  type NanosdUnetFile,
  type RestorerFile,
  type Unet2DConditionFile,
} from '../../models/index.js';

/** What a model card says of a kind of network. */
export interface ModelDescription {
  /** As model hubs sort models: `image-to-image`. */
  readonly pipelineTag: string;
  /** What it was made from, if from another model. */
  readonly baseModel?: string;
  /** One sentence: what it is. */
  readonly summary: string;
  /** Commands that use it. */
  readonly usage: string;
  readonly parameters: number;
  /** Billions of multiply-accumulates for the input. */
  readonly gmac: number;
  /** Of what size that is. */
  readonly input: string;
  /** One sentence: what the scores measure. */
  readonly measured: string;
  /** The measure and its unit. */
  readonly measure: string;
}

const SIDE = 128;
const INPUT = `an input of ${SIDE} x ${SIDE}`;

export function describeRestorer(model: RestorerFile): ModelDescription {
  const { total } = inspectRestorer(restorerConfig(model), { width: SIDE, height: SIDE });
  const enlarges = model.scale > 1 ? `, ${model.scale} times as large` : '';
  return {
    pipelineTag: 'image-to-image',
    summary: `A NanoSD one-step restorer (\`${model._class_name}\`) for the task \`${model.task}\`${enlarges}.`,
    usage: `nanosd restore photo.jpg -m . -o restored.png -t ${model.task} -s ${model.scale}`,
    parameters: total.parameters,
    gmac: total.gmac,
    input: INPUT,
    measured:
      'PSNR on BT.601 studio luma of 8-bit pictures restored whole, ' +
      `${model.scale} pixels of border left out, with the weights as they are stored.`,
    measure: 'PSNR-Y (dB)',
  };
}

export function describeAutoencoder(model: AutoencoderKLFile): ModelDescription {
  return describeVae({ className: 'AutoencoderKL', config: autoencoderKLConfig(model) });
}

export function describeNanosdAutoencoder(model: NanosdAutoencoderFile): ModelDescription {
  return describeVae({ className: 'NanoSDAutoencoder', config: nanosdAutoencoderConfig(model) });
}

function describeVae(vae: GaussianAutoencoder): ModelDescription {
  const factor = pixelsPerLatent(vae);
  const cells = Math.ceil(SIDE / factor);
  const encoder = graphCost(encoderOf(vae, { batch: 1, height: SIDE, width: SIDE }));
  const decoder = graphCost(decoderOf(vae, { batch: 1, height: cells, width: cells }));
  return {
    pipelineTag: 'image-to-image',
    summary:
      `An autoencoder (\`${vae.className}\`) to ${vae.config.latentChannels} latent channels at ` +
      `1/${factor} of the resolution, for latent diffusion.`,
    usage: 'nanosd inspect .',
    parameters: encoder.parameters + decoder.parameters,
    gmac: (encoder.macs + decoder.macs) / 1e9,
    input: INPUT,
    measured:
      'PSNR on RGB of 8-bit pictures, encoded whole (the mean of the latents) and decoded again, ' +
      'with the weights as they are stored.',
    measure: 'PSNR (dB)',
  };
}

/** @param side of the latents that it is trained on, in cells. */
export function describeUnet(
  model: Unet2DConditionFile,
  { side, prompts }: { readonly side: number; readonly prompts: readonly string[] },
): ModelDescription {
  const config = unet2DConditionConfig(model);
  const size = { batch: 1, height: side, width: side, contextTokens: 4 };
  const cost = graphCost({ ...unet2DCondition(config, size), taps: [] });
  const named = prompts.filter((name) => name !== '').slice(0, 12);
  return {
    pipelineTag: 'text-to-image',
    summary:
      `A latent diffusion model of Stable Diffusion's topology: a \`${model._class_name}\` with ` +
      `its autoencoder and scheduler. Counts are of the U-Net alone.`,
    usage: `nanosd generate "${named[0] ?? ''}" -m . -o picture.png --guidance 2`,
    parameters: cost.parameters,
    gmac: cost.macs / 1e9,
    input: `a step on latents of ${side} x ${side}`,
    measured:
      'Mean squared error of the prediction on latents of pictures that were not trained on, over all ' +
      'timesteps alike, of the averaged weights.',
    measure: 'loss',
  };
}

/** @param size of the latents that it is trained on. */
export function describeAlignedUnet(
  model: NanosdUnetFile,
  size: Parameters<typeof nanosdUnet>[1],
  teacher: string,
): ModelDescription {
  const cost = graphCost({
    ...nanosdUnet(nanosdUnetConfig(model), { ...size, batch: 1 }),
    taps: [],
  });
  const stages = [...model.down_stages, ...model.up_stages].join(' ');
  return {
    pipelineTag: 'text-to-image',
    baseModel: teacher,
    summary:
      `A NanoSD student (\`${model._class_name}\`, stages ${stages}) of ${teacher}, aligned with its ` +
      'predictions end to end, with autoencoder and scheduler. Counts are of the U-Net alone.',
    usage: 'nanosd generate "" -m . -o picture.png',
    parameters: cost.parameters,
    gmac: cost.macs / 1e9,
    input: `a step on latents of ${size.height} x ${size.width}`,
    measured:
      "Mean squared difference from the teacher's prediction on latents of pictures that were not trained on, " +
      'over all timesteps alike, of the averaged weights.',
    measure: 'loss',
  };
}
