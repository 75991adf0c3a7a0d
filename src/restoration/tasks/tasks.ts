// The models that the package may hold and what they are for, in one place: the command, the server, the app and the
// library choose and speak by this table.

/** Something that can be done to a photo. */
export interface RestorationTask {
  readonly name: string;
  /** In a word or two, as a button says it. */
  readonly label: string;
  /** Goes on after the name: what it does, and what it leaves alone. */
  readonly sentence: string;
}

/** How long one is ready to wait: a smaller model of a task or the best one, where both are installed. */
export type Effort = 'fast' | 'best';

export interface KnownModel {
  readonly name: string;
  readonly task: string;
  /** Output pixels a side for one input pixel. */
  readonly scale: number;
  /** `classic` ones are taken by their name, or where nothing else is installed. */
  readonly effort: Effort | 'classic';
  readonly sentence: string;
}

/** In the order that they are offered in. */
export const restorationTasks: readonly RestorationTask[] = [
  {
    name: 'sr',
    label: 'Enlarge',
    sentence: 'makes a photo larger; blur, noise and JPEG blocks go on the way',
  },
  {
    name: 'clean',
    label: 'Clean',
    sentence: 'takes out grain, colour noise and JPEG blocks, at the same size',
  },
  {
    name: 'deblur',
    label: 'Sharpen',
    sentence: 'takes back blur from a shaken camera or a wrong focus, at the same size',
  },
];

/** In the order that they are taken in. */
export const knownModels: readonly KnownModel[] = [
  {
    name: 'photo-x4',
    task: 'sr',
    scale: 4,
    effort: 'best',
    sentence: 'For real photographs: takes blur, noise and JPEG blocks away as it enlarges.',
  },
  {
    name: 'photo-x4-fast',
    task: 'sr',
    scale: 4,
    effort: 'fast',
    sentence: 'The same in less time: a smaller network, and a little less detail.',
  },
  {
    name: 'photo-x2',
    task: 'sr',
    scale: 2,
    effort: 'best',
    sentence: 'For real photographs that are large already: twice the size.',
  },
  {
    name: 'sr-x4',
    task: 'sr',
    scale: 4,
    effort: 'classic',
    sentence:
      'For clean pictures that were made smaller: noise, blur and JPEG blocks stay as they are.',
  },
  {
    name: 'clean',
    task: 'clean',
    scale: 1,
    effort: 'best',
    sentence: 'Takes out grain, colour noise and JPEG blocks, and leaves the rest as it is.',
  },
  {
    name: 'deblur',
    task: 'deblur',
    scale: 1,
    effort: 'best',
    sentence: 'Takes back blur from a shaken camera or a wrong focus.',
  },
];

/** Known models that are among those installed, in their order. */
export function modelsAmong(installed: readonly string[]): readonly KnownModel[] {
  return knownModels.filter(({ name }) => installed.includes(name));
}

/** The tasks that models are for, in their order. */
export function tasksOf(models: readonly KnownModel[]): readonly RestorationTask[] {
  return restorationTasks.filter(({ name }) => models.some(({ task }) => task === name));
}
