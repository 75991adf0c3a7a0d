import type { SchedulerName } from '../diffusion/index.js';

/** What a picture was made with. */
export interface PictureParameters {
  readonly prompt: string;
  readonly negativePrompt: string;
  readonly steps: number;
  readonly scheduler: SchedulerName;
  readonly guidanceScale: number;
  readonly seed: number;
  readonly width: number;
  readonly height: number;
  /** The checkpoint's name. */
  readonly model: string;
  /** Of image-to-image; null for pictures from noise. */
  readonly strength: number | null;
}

const samplers: Readonly<Record<SchedulerName, string>> = {
  pndm: 'PLMS',
  ddim: 'DDIM',
  ddpm: 'DDPM',
  euler: 'Euler',
  'euler-a': 'Euler a',
  heun: 'Heun',
  'dpm++': 'DPM++ 2M',
  deis: 'DEIS',
  unipc: 'UniPC',
  lcm: 'LCM',
};

/** The text that picture files carry under `parameters`, in the form that other programs read and write. */
export function parametersText(parameters: PictureParameters): string {
  const { prompt, negativePrompt, steps, scheduler, guidanceScale, seed, width, height } =
    parameters;
  const settings = {
    Steps: steps,
    Sampler: samplers[scheduler],
    'CFG scale': guidanceScale,
    Seed: seed,
    Size: `${width}x${height}`,
    Model: quoted(parameters.model),
    ...(parameters.strength !== null && { 'Denoising strength': parameters.strength }),
  };
  const lines = [
    prompt,
    ...(negativePrompt === '' ? [] : [`Negative prompt: ${negativePrompt}`]),
    Object.entries(settings)
      .map(([name, value]) => `${name}: ${value}`)
      .join(', '),
  ];
  return lines.join('\n');
}

/** Commas and colons part settings, so a value with any stands in quotes. */
function quoted(value: string): string {
  return /[,:\n"]/.test(value) ? JSON.stringify(value) : value;
}
