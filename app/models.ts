import { knownModels, restorationTasks } from '../src/web.js';
import type { Choice } from './choices.js';

/** A model that this site holds, as its build lists it. */
export interface ModelEntry {
  readonly name: string;
  readonly task: string;
  /** Output pixels a side for one input pixel. */
  readonly scale: number;
  readonly parameters: number;
  readonly bytes: number;
  /** The file itself, of a model that was dropped on the page. */
  readonly file?: File;
  /** Of models with two sets of weights: what is taken of the faithful one unless said otherwise, 0 to 1. */
  readonly fidelity?: number;
}

/** @throws Error when the site holds no list of models. */
export async function fetchModels(): Promise<readonly ModelEntry[]> {
  const response = await fetch('./models/manifest.json');
  if (!response.ok) throw new Error(`the list of models is missing (status ${response.status})`);
  const manifest = (await response.json()) as { readonly models: readonly ModelEntry[] };
  return manifest.models.toSorted((a, b) => placeOf(a) - placeOf(b));
}

/** The first one is taken until another is chosen. */
function placeOf({ name }: ModelEntry): number {
  const place = knownModels.findIndex((known) => known.name === name);
  return place < 0 ? knownModels.length : place;
}

/** Files of networks that other programs have trained, by their names. */
const modelFile = /\.(onnx|pth|pt|ckpt|safetensors)$/i;

export function isModelFile({ name }: File): boolean {
  return modelFile.test(name);
}

/** What is known of a dropped model before it is open. */
export function droppedEntry(file: File): ModelEntry {
  return { name: file.name, task: 'sr', scale: 1, parameters: 0, bytes: file.size, file };
}

export function modelUrl({ name }: ModelEntry): string {
  return new URL(`./models/${name}/`, document.baseURI).href;
}

export function taskChoices(entries: readonly ModelEntry[]): Choice[] {
  return [...new Set(entries.map(({ task }) => task))].map((task) => ({
    value: task,
    ...wordsFor(task),
  }));
}

function wordsFor(task: string): Pick<Choice, 'label' | 'description'> {
  const known = restorationTasks.find(({ name }) => name === task);
  if (!known) return { label: task, description: '' };
  const { label, sentence } = known;
  return { label, description: `${sentence[0].toUpperCase()}${sentence.slice(1)}.` };
}

export function modelChoices(entries: readonly ModelEntry[], task: string): Choice[] {
  return entries
    .filter((entry) => entry.task === task)
    .map(({ name, bytes, parameters, scale, file }) => ({
      value: name,
      label: name,
      note: `${(bytes / 1e6).toFixed(1)} MB`,
      description:
        knownModels.find((known) => known.name === name)?.sentence ??
        (file
          ? `Your file, ×${scale}. It stays on this device.`
          : `${(parameters / 1e6).toFixed(1)} million parameters, ×${scale}.`),
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
