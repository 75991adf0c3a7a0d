import {
  createNoiseSchedule,
  schedulerConfig,
  schedulerConfigSchema,
} from '../../../diffusion/index.js';
import {
  ConfigError,
  nanosdRestorerConfigSchema,
  nanosdUnetFile,
  parseConfig,
  pixelsPerLatent,
  stagedUnetOf,
  type NanosdRestorerFile,
} from '../../../models/index.js';
import { openCheckpoint, type OpenCheckpoint } from '../../../models/openCheckpoint-node.js';
import { foldConditioning } from '../../../surgery/index.js';
import { castTensor, float32, type Tensor, type Weights } from '../../../tensor/index.js';
import { promptEmbedding } from '../../prompts/teacherPrompts-node.js';
import { weightsFingerprint } from '../teacher-node.js';
import type { FamilyRestorerTraining } from './config.js';

/** A member of the family as a restorer begins with it. */
export interface Family {
  /** The restorer's `config.json`, with the member's U-Net. */
  readonly file: NanosdRestorerFile;
  /** Weights by the restorer's names, with time and prompt built in and group norms as they are; none for a shape alone. */
  readonly weights: Weights;
  readonly fingerprint: string;
}

/**
 * Reads the member of the family that a config names.
 * @throws ModelError, ConfigError or WeightsError for a checkpoint that is absent, lacks a part or does not fit.
 */
export async function openFamily(config: FamilyRestorerTraining, path: string): Promise<Family> {
  await using checkpoint = await openCheckpoint(path);
  const prompt = await promptEmbedding(checkpoint, config.prompt);
  const file = restorerFile(config, checkpoint, prompt.shape[1]);
  const taken = config.initialization === 'checkpoint';
  return {
    file,
    weights: taken ? await familyWeights(config, file, checkpoint, prompt) : new Map(),
    fingerprint: taken ? await weightsFingerprint(checkpoint.unet.weights) : 'shape alone',
  };
}

function restorerFile(
  { model }: FamilyRestorerTraining,
  { unet, vae, path }: OpenCheckpoint,
  promptTokens: number,
): NanosdRestorerFile {
  const factor = pixelsPerLatent(vae.network);
  if (model.scale > factor) {
    throw new ConfigError(
      `model.scale: expected at most ${factor}, the pixels of a cell of ${path}'s latents, got ${model.scale}`,
    );
  }
  const whole = {
    ...model,
    latent_factor: factor,
    prompt_tokens: promptTokens,
    unet: nanosdUnetFile(stagedUnetOf(unet.network)),
  };
  return parseConfig(nanosdRestorerConfigSchema, whole, `model, with ${path}`);
}

async function familyWeights(
  { timestep }: FamilyRestorerTraining,
  file: NanosdRestorerFile,
  checkpoint: OpenCheckpoint,
  encoderHiddenStates: Tensor,
): Promise<Weights> {
  const { unet, vae } = checkpoint;
  const config = stagedUnetOf(unet.network);
  const { weights } = unet;
  const folded = await foldConditioning({ config, weights }, { timestep, encoderHiddenStates });
  const all = new Map<string, Tensor<'float32'>>();
  for (const [name, held] of folded) all.set(`unet.${name}`, held);
  if (vae.network.className === 'NanoSDAutoencoder') {
    for (const [name, weight] of await vaeWeights(file, vae)) all.set(name, weight);
  }
  const { latents, prediction } = originalOf(checkpoint, timestep);
  scaleWeight(all, 'unet.conv_out.weight', prediction / latents);
  scaleWeight(all, 'unet.conv_out.bias', prediction / latents);
  scaleWeight(all, 'decoder.conv_in.weight', latents);
  return all;
}

function scaleWeight(weights: Map<string, Tensor<'float32'>>, name: string, factor: number): void {
  const held = weights.get(name);
  if (!held) return;
  const scaled = held.data.map((value) => value * factor);
  weights.set(name, float32(held.shape, scaled));
}

/** What x_0 is at a time: `latents` times what the U-Net read plus `prediction` times what it says. */
function originalOf(
  { schedulerFile, path }: OpenCheckpoint,
  timestep: number,
): { readonly latents: number; readonly prediction: number } {
  const scheduler = schedulerConfig(schedulerConfigSchema.parse(schedulerFile));
  const { alphasCumprod } = createNoiseSchedule(scheduler);
  const signal = alphasCumprod[Math.round(timestep)];
  const [alpha, sigma] = [Math.sqrt(signal), Math.sqrt(1 - signal)];
  switch (scheduler.predictionType) {
    case 'epsilon':
      return { latents: 1 / alpha, prediction: -sigma / alpha };
    case 'v_prediction':
      return { latents: alpha, prediction: -sigma };
    case 'sample':
      throw new ConfigError(
        `${path}: expected a U-Net that predicts noise or velocity, got one that predicts the sample`,
      );
  }
}

/**
 * The tiny VAE's weights under the restorer's names: levels are told by their distance from the latents. Those
 * of other shapes are sorted out by who takes them.
 */
async function vaeWeights(
  file: NanosdRestorerFile,
  { network, weights }: OpenCheckpoint['vae'],
): Promise<ReadonlyMap<string, Tensor<'float32'>>> {
  const taken = new Map<string, Tensor<'float32'>>();
  if (network.className !== 'NanoSDAutoencoder') return taken;
  const { latentChannels, encoder } = network.config;
  const missing = encoder.channels.length - file.encoder_block_out_channels.length;
  for (const name of weights.entries.keys()) {
    const held = castTensor(await weights.read(name), 'float32');
    const [, level, rest] = /^encoder\.down_blocks\.(\d+)\.(.*)$/.exec(name) ?? [];
    if (level !== undefined) {
      const own = Number(level) - missing;
      if (own >= 0) taken.set(`encoder.down_blocks.${own}.${rest}`, held);
    } else if (name.startsWith('encoder.conv_out.')) {
      // The mean without the variance.
      const row = held.data.length / held.shape[0];
      const shape = [latentChannels, ...held.shape.slice(1)];
      taken.set(name, float32(shape, held.data.slice(0, latentChannels * row)));
    } else if (missing === 0 || !name.startsWith('encoder.')) {
      taken.set(name, held);
    }
  }
  return taken;
}
