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
  const share = predictionShare(checkpoint, timestep);
  for (const part of ['weight', 'bias']) {
    const { shape, data } = all.get(`unet.conv_out.${part}`) ?? float32([0], []);
    const scaled = data.map((value) => value * share);
    all.set(`unet.conv_out.${part}`, float32(shape, scaled));
  }
  if (vae.network.className !== 'NanoSDAutoencoder') return all;
  for (const [name, weight] of await vaeWeights(file, vae)) all.set(name, weight);
  return all;
}

/**
 * How much of the prediction the original is, relative to the latents: x_0 is in proportion to
 * `latents + share * prediction`.
 */
function predictionShare({ schedulerFile, path }: OpenCheckpoint, timestep: number): number {
  const scheduler = schedulerConfig(schedulerConfigSchema.parse(schedulerFile));
  const { alphasCumprod } = createNoiseSchedule(scheduler);
  const signal = alphasCumprod[Math.round(timestep)];
  const [alpha, sigma] = [Math.sqrt(signal), Math.sqrt(1 - signal)];
  switch (scheduler.predictionType) {
    case 'epsilon':
      return -sigma;
    case 'v_prediction':
      return -sigma / alpha;
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
