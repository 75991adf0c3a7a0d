import type { PictureType } from '../src/web.js';
import { renderChoices, type Choice } from './choices.js';
import { byId } from './dom.js';
import { modelChoices, scaleChoices, taskChoices, type ModelEntry } from './models.js';

/** What the panel is set to. */
export interface Settings {
  readonly task: string;
  readonly model: string;
  /** Output pixels a side for one input pixel. */
  readonly scale: number;
  /** 1 does only what is certain, 0 is sharpest; for models with two sets of weights. */
  readonly fidelity: number;
  readonly type: PictureType;
  /** 1 to 100. */
  readonly quality: number;
  readonly metadata: 'keep' | 'strip';
  /** `auto`, `webgpu`, `webnn` or `wasm`. */
  readonly device: string;
  /** What of the camera's picture is used. */
  readonly view: 'whole' | 'centre';
  /** The longest side of a camera frame, in pixels. */
  readonly frameSide: number;
}

export interface SettingsPanel {
  readonly current: Settings;
  modelEntry(): ModelEntry;
  /** Adds a model, and chooses it. */
  add(entry: ModelEntry): void;
}

const storageKey = 'nanosd-settings';

const formats: readonly Choice[] = [
  { value: 'image/png', label: 'PNG' },
  { value: 'image/jpeg', label: 'JPEG' },
  { value: 'image/webp', label: 'WebP' },
];

const views: readonly Choice[] = [
  { value: 'whole', label: 'Whole picture' },
  { value: 'centre', label: 'Centre, zoomed' },
];

const metadataHints: Readonly<Record<PictureType, string>> = {
  'image/png': 'Lossless, 8 bits a channel. IPTC captions have no place in PNG.',
  'image/jpeg': 'EXIF, XMP, profile and IPTC are kept; transparency becomes white.',
  'image/webp': 'EXIF, XMP and profile are kept; IPTC captions have no place in WebP.',
};

const defaults = {
  type: 'image/png',
  quality: 95,
  metadata: 'keep',
  device: 'auto',
  view: 'whole',
  frameSide: 128,
} as const;

/** Builds the panel; `onChange` is called after each change. */
export function createSettingsPanel(
  listed: readonly ModelEntry[],
  onChange: (settings: Settings, changed: keyof Settings) => void,
): SettingsPanel {
  let models = listed;
  let current = restored(models);
  const entry = (): ModelEntry => entryOf(models, current.model);
  const change = <K extends keyof Settings>(key: K, value: Settings[K]): void => {
    const next = consistent(models, { ...current, [key]: value });
    // Another model may have another middle.
    const usual = entryOf(models, next.model).fidelity ?? next.fidelity;
    current = next.model === current.model ? next : { ...next, fidelity: usual };
    localStorage.setItem(storageKey, JSON.stringify(current));
    render();
    onChange(current, key);
  };
  const group = (id: string): HTMLElement => byId(id, HTMLElement);
  const render = (): void => {
    const keepFocus = document.activeElement?.matches('input[type=radio]')
      ? (document.activeElement as HTMLInputElement)
      : null;
    const { task, model, scale, type, view } = current;
    renderChoices(group('tasks'), taskChoices(models), task, (value) => change('task', value));
    renderChoices(group('models'), modelChoices(models, task), model, (value) =>
      change('model', value),
    );
    renderChoices(group('scales'), scaleChoices(entry()), String(scale), (value) =>
      change('scale', Number(value)),
    );
    renderChoices(group('formats'), formats, type, (value) => change('type', value as PictureType));
    renderChoices(group('views'), views, view, (value) =>
      change('view', value as Settings['view']),
    );
    renderFileControls(current);
    renderFidelity(entry(), current);
    if (keepFocus) focusRadio(keepFocus);
  };
  render();
  bindControls(change);
  return {
    get current() {
      return current;
    },
    modelEntry: entry,
    add(added) {
      models = [...models.filter(({ name }) => name !== added.name), added];
      const { task, name: model, scale } = added;
      current = consistent(models, { ...current, task, model, scale });
      render();
      onChange(current, 'model');
    },
  };
}

/** Choices are drawn anew, so the focus goes to the new button of the same name. */
function focusRadio({ name, value }: HTMLInputElement): void {
  const selector = `input[name="${name}"][value="${value}"]`;
  document.querySelector<HTMLInputElement>(selector)?.focus();
}

type Change = <K extends keyof Settings>(key: K, value: Settings[K]) => void;

function bindControls(change: Change): void {
  const quality = byId('quality', HTMLInputElement);
  const metadata = byId('metadata', HTMLInputElement);
  const side = byId('frame-side', HTMLSelectElement);
  const fidelity = byId('fidelity', HTMLInputElement);
  // Restoring again at each step of a drag would be far behind it.
  fidelity.addEventListener('change', () => change('fidelity', fidelity.valueAsNumber));
  quality.addEventListener('input', () => change('quality', quality.valueAsNumber));
  metadata.addEventListener('change', () =>
    change('metadata', metadata.checked ? 'keep' : 'strip'),
  );
  side.addEventListener('change', () => change('frameSide', Number(side.value)));
  const device = byId('device', HTMLSelectElement);
  device.addEventListener('change', () => change('device', device.value));
}

function renderFidelity({ fidelity: usual }: ModelEntry, { fidelity }: Settings): void {
  byId('fidelity-group', HTMLElement).hidden = usual === undefined;
  byId('fidelity', HTMLInputElement).value = String(fidelity);
  byId('fidelity-text', HTMLOutputElement).value = fidelity.toFixed(2);
}

function renderFileControls({ type, quality, metadata, frameSide }: Settings): void {
  byId('quality-row', HTMLElement).hidden = type === 'image/png';
  byId('quality', HTMLInputElement).value = String(quality);
  byId('quality-text', HTMLOutputElement).value = String(quality);
  byId('metadata', HTMLInputElement).checked = metadata === 'keep';
  byId('frame-side', HTMLSelectElement).value = String(frameSide);
  byId('metadata-hint', HTMLElement).textContent =
    metadata === 'keep' ? metadataHints[type] : 'Pixels alone, in sRGB colours.';
}

function restored(models: readonly ModelEntry[]): Settings {
  const [{ task, name, scale, fidelity = 1 }] = models;
  const first: Settings = { ...defaults, task, model: name, scale, fidelity };
  try {
    const stored = JSON.parse(localStorage.getItem(storageKey) ?? '{}') as Partial<Settings>;
    return consistent(models, { ...first, ...stored });
  } catch {
    return first;
  }
}

/** A model of the task, and a scale of the model. */
function consistent(models: readonly ModelEntry[], settings: Settings): Settings {
  const ofTask = models.filter(({ task }) => task === settings.task);
  const usable = ofTask.length > 0 ? ofTask : models;
  const model = usable.find(({ name }) => name === settings.model) ?? usable[0];
  const scales = scaleChoices(model).map(({ value }) => Number(value));
  const scale = scales.includes(settings.scale) ? settings.scale : model.scale;
  return { ...settings, task: model.task, model: model.name, scale };
}

function entryOf(models: readonly ModelEntry[], name: string): ModelEntry {
  return models.find((model) => model.name === name) ?? models[0];
}
