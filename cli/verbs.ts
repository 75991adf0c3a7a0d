import type { Command } from 'commander';

/** What `nanosd` can be told to do. */
export interface Verb {
  /** As the list of commands shows it: the name, then what it takes. */
  readonly usage: string;
  /** In one sentence, for the list of commands and for the verb's own help. */
  readonly summary: string;
  /** Loads what adds the verb's arguments, options and action to its command. */
  readonly load: () => Promise<(command: Command) => void>;
}

/** In the order of the help. Each verb's module is loaded only when it is asked for: the rest would make every start slower. */
export const verbs: readonly Verb[] = [
  {
    usage: 'restore [options] [photo...]',
    summary: 'restore photos',
    load: async () => (await import('./restore/restore.js')).defineRestore,
  },
  {
    usage: 'eval [options]',
    summary: 'restore the pictures of a folder and score them against the originals',
    load: async () => (await import('./eval/eval.js')).defineEval,
  },
  {
    usage: 'inspect [options] <model>',
    summary: 'show what a model or a checkpoint holds and what it costs to run',
    load: async () => (await import('./checkpoints/inspect.js')).defineInspect,
  },
  {
    usage: 'train [options] <config>',
    summary: 'train a network from a YAML config',
    load: async () => (await import('./train/train.js')).defineTrain,
  },
  {
    usage: 'degrade [options] <photos...>',
    summary: 'make photos worse as real ones are, in pairs to train and to judge restorers on',
    load: async () => (await import('./degrade/degrade.js')).defineDegrade,
  },
  {
    usage: 'export-model [options] <config>',
    summary: 'write the averaged weights of a training run as a model folder with a model card',
    load: async () => (await import('./train/train.js')).defineExportModel,
  },
  {
    usage: 'pipeline [options] <config>',
    summary: 'make a family of small models from a checkpoint: all stages, resumable',
    load: async () => (await import('./pipeline/pipeline.js')).definePipeline,
  },
  {
    usage: 'train-vae [options] <teacher>',
    summary: 'distil the VAE of a checkpoint into a narrow convolutional one',
    load: async () => (await import('./train/trainVae.js')).defineTrainVae,
  },
  {
    usage: 'distill [options] <teacher>',
    summary: 'train the surrogate blocks of a teacher, each alone on its features',
    load: async () => (await import('./distill/distill.js')).defineDistill,
  },
  {
    usage: 'distill-worker [options]',
    summary: 'train surrogates from a queue, one at a time; start one for each core',
    load: async () => (await import('./distill/distill.js')).defineDistillWorker,
  },
  {
    usage: 'search [options] <teacher>',
    summary: 'find the students with the best trade-offs of quality and cost',
    load: async () => (await import('./search/search.js')).defineSearch,
  },
  {
    usage: 'align [options] <student>',
    summary: 'train a student end to end to predict what its teacher predicts',
    load: async () => (await import('./train/align.js')).defineAlign,
  },
  {
    usage: 'curves [options] <runs...>',
    summary: 'compare what training runs reached on held-out pictures, step by step',
    load: async () => (await import('./train/curves.js')).defineCurves,
  },
  {
    usage: 'generate [options] <prompt>',
    summary: 'make pictures from text, or from a picture and text',
    load: async () => (await import('./generate/generate.js')).defineGenerate,
  },
  {
    usage: 'prior [options] <checkpoint>',
    summary: 'measure how well a checkpoint knows what photographs look like',
    load: async () => (await import('./prior/prior.js')).definePrior,
  },
  {
    usage: 'init [options] <preset>',
    summary: 'write a checkpoint of random weights',
    load: async () => (await import('./checkpoints/init.js')).defineInit,
  },
  {
    usage: 'convert [options] <checkpoint>',
    summary: 'write a checkpoint in another layout or precision',
    load: async () => (await import('./checkpoints/convert.js')).defineConvert,
  },
  {
    usage: 'export [options] <checkpoint>',
    summary: 'write the networks of a checkpoint for other runtimes',
    load: async () => (await import('./checkpoints/export.js')).defineExport,
  },
  {
    usage: 'surgery [options] <checkpoint>',
    summary: 'cut a small checkpoint from a large one, with the weights it inherits',
    load: async () => (await import('./checkpoints/surgery.js')).defineSurgery,
  },
  {
    usage: 'profile [options] [model]',
    summary: 'measure what each part of the design space takes on a device',
    load: async () => (await import('./profile/profile.js')).defineProfile,
  },
  {
    usage: 'app [options]',
    summary: 'serve the browser app on this machine',
    load: async () => (await import('./app/app.js')).defineApp,
  },
  {
    usage: 'serve [options]',
    summary: 'restore photos over HTTP',
    load: async () => (await import('./serve/defineServe.js')).defineServe,
  },
  {
    usage: 'doctor [options]',
    summary: 'test what this machine can compute on',
    load: async () => (await import('./doctor/doctor.js')).defineDoctor,
  },
];

/** Of `[photo...]` in `restore [options] [photo...]`, `restore`. */
export function verbName({ usage }: Verb): string {
  return usage.split(' ', 1)[0];
}
