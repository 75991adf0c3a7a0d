import {
  parsePipeline,
  presets,
  stagesOfUnet2D,
  type StagedUnetConfig,
  type Unet2DConditionSize,
} from 'nanosd';

/** Networks of one size that are compared with each other. */
export interface StudySet {
  readonly name: string;
  readonly title: string;
  readonly teacher: StagedUnetConfig;
  readonly size: Unet2DConditionSize;
  readonly networks: number;
  /** Sessions that are measured in the same rounds. */
  readonly atOnce: number;
  readonly runs: number;
}

const mini = stagesOfUnet2D({
  ...{ inChannels: 4, outChannels: 4, flipSinToCos: true, freqShift: 0 },
  ...{ blockOutChannels: [48, 96, 144, 144], layersPerBlock: [2, 2, 2, 2], heads: [4, 4, 4, 4] },
  ...{ downAttention: [true, true, true, false], upAttention: [true, true, true, false] },
  ...{ midBlock: true, normNumGroups: 16, normEps: 1e-5, crossAttentionDim: 128 },
});

function sd15(): StagedUnetConfig {
  const { network } = parsePipeline(presets.sd15, (component) => component).unet;
  if (network.className !== 'UNet2DConditionModel') throw new Error('expected the U-Net of SD 1.5');
  return stagesOfUnet2D(network.config);
}

function squareOf(side: number): Unet2DConditionSize {
  return { batch: 1, height: side, width: side, contextTokens: 77 };
}

const all: readonly StudySet[] = [
  {
    ...{ name: 'mini-16', title: 'widths 48, 96, 144 at 16x16 latents', networks: 110 },
    ...{ teacher: mini, size: squareOf(16), atOnce: 10, runs: 9 },
  },
  {
    ...{ name: 'mini-32', title: 'widths 48, 96, 144 at 32x32 latents', networks: 60 },
    ...{ teacher: mini, size: squareOf(32), atOnce: 10, runs: 5 },
  },
  {
    ...{ name: 'sd15', title: 'SD 1.5 widths (320, 640, 1280) at 64x64 latents', networks: 12 },
    ...{ teacher: sd15(), size: squareOf(64), atOnce: 2, runs: 2 },
  },
];

export const sets: ReadonlyMap<string, StudySet> = new Map(all.map((set) => [set.name, set]));
export const setNames: readonly string[] = all.map(({ name }) => name);
