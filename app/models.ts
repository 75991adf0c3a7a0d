import type { Choice } from './choices.js';

/** A model that this site holds, as its build lists it. */
export interface ModelEntry {
  readonly name: string;
  readonly task: string;
  /** Output pixels a side for one input pixel. */
  readonly scale: number;
  readonly parameters: number;
  readonly bytes: number;
}

interface Words {
  readonly label: string;
  readonly description: string;
}

const tasks: Readonly<Record<string, Words>> = {
  sr: {
    label: 'Enlarge',
    description: 'More pixels, sharper edges and texture.',
  },
  deblur: { label: 'Sharpen', description: 'Takes back blur from focus or movement.' },
  denoise: { label: 'Clean', description: 'Takes out the grain of little light.' },
  dejpeg: {
    label: 'Repair JPEG',
    description: 'Takes out blocks and rings of strong compression.',
  },
};

const models: Readonly<Record<string, string>> = {
  'photo-x4': 'For real photographs: takes noise, blur and JPEG blocks away as it enlarges.',
  'sr-x4':
    'Fast. Learned from clean photos made four times smaller: noise, blur and JPEG blocks stay as they are.',
};

/** @throws Error when the site holds no list of models. */
export async function fetchModels(): Promise<readonly ModelEntry[]> {
  const response = await fetch('./models/manifest.json');
  if (!response.ok) throw new Error(`the list of models is missing (status ${response.status})`);
  const manifest = (await response.json()) as { readonly models: readonly ModelEntry[] };
  return manifest.models;
}

export function modelUrl({ name }: ModelEntry): string {
  return new URL(`./models/${name}/`, document.baseURI).href;
}

export function taskChoices(entries: readonly ModelEntry[]): Choice[] {
  return [...new Set(entries.map(({ task }) => task))].map((task) => ({
    value: task,
    ...(tasks[task] ?? { label: task, description: '' }),
  }));
}

export function modelChoices(entries: readonly ModelEntry[], task: string): Choice[] {
  return entries
    .filter((entry) => entry.task === task)
    .map(({ name, bytes, parameters, scale }) => ({
      value: name,
      label: name,
      note: `${(bytes / 1e6).toFixed(1)} MB`,
      description:
        models[name] ?? `${(parameters / 1e6).toFixed(1)} million parameters, ×${scale}.`,
    }));
}

/** What a model's output can be brought to: its own scale, and smaller ones. */
export function scaleChoices({ scale }: ModelEntry): Choice[] {
  if (scale === 1) return [{ value: '1', label: 'As it is' }];
  return [1.5, 2, 3, 4, 6, 8]
    .filter((smaller) => smaller < scale)
    .concat(scale)
    .map((value) => ({ value: String(value), label: `×${value}` }));
}
