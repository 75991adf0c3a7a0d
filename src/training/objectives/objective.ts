import type { Executor, Feeds, Graph } from '../../graph/index.js';
import type { Precision } from '../../models/index.js';
import type { Random, Weights } from '../../tensor/index.js';
import type { DataCosts } from '../data/dataCosts.js';
import type { PhotoFile } from '../data/photoFile.js';
import type { ModelDescription } from '../export/modelDescription.js';
import type { ValidationReport } from '../validation/validation.js';

/** What a run trains: a network, what it is fed and what it is measured by. One for each kind of network. */
export interface Objective {
  /**
   * The loss on one share of a batch: scalar output `loss`, an input for each of what samples hold, and
   * params, which are what is trained.
   */
  readonly graph: Graph;
  /** Who learns, in the same steps, to tell what the network makes from what is real. */
  readonly discriminator?: DiscriminatorObjective;
  /** Weights for every param, float32. */
  initialize(random: Random): Weights | Promise<Weights>;
  /** What the run depends on besides its config: config keys and a fingerprint of what they point to. */
  readonly sources: Readonly<Record<string, string>>;
  /**
   * Makes what samples from number `first` on and validation need and what takes long, such as latents on disk, telling how
   * far it is. A run reads it to its end before the first step; it may be left at any point.
   */
  prepare?(first: number, onWarning: (warning: string) => void): AsyncGenerator<Preparation>;
  /** Weights to start from with those that files of the network do not hold; `path` is where they are from. */
  completeWeights?(path: string, weights: Weights): Promise<Weights>;
  /** Opens the endless stream of samples; `onWarning` hears of what had to be left out. */
  openSamples(onWarning: (warning: string) => void): SampleStream;
  /** Measures weights on the validation sets; null when aborted. */
  validate(
    executor: Executor,
    weights: Weights,
    options: ValidationOptions,
  ): Promise<ValidationReport | null>;
  /** The network's `config.json`. */
  readonly modelFile: ModelFile;
  /** `modelFile` with what is only known of trained weights, for those who load the model. */
  finishModelFile(executor: Executor, weights: Weights): Promise<ModelFile>;
  /** How trained weights compare with what they were distilled from; absent where nothing was. */
  compare?(executor: Executor, weights: Weights): Promise<Comparison>;
  /** Writes trained weights for others to load, where that takes more than a `config.json` and weights. */
  writeModel?(folder: string, weights: Weights, precision: Precision): Promise<void>;
  /** What helps a run that waits for samples. */
  readonly dataAdvice?: string;
  /** For the model card. */
  readonly description: ModelDescription;
  /** The photographs that are trained on. */
  readonly photos: readonly PhotoFile[];
}

export interface DiscriminatorObjective {
  /**
   * The losses of both players, scalar outputs `loss` (the network's) and `discriminator_loss`; inputs are the objective's, params those
   * of both.
   */
  readonly graph: Graph;
  /** The discriminator's. */
  readonly params: Graph['params'];
  initialize(): Weights;
  /** Updates of the network before the discriminator comes in. */
  readonly startStep: number;
  /** The highest; it follows the network's schedule. */
  readonly learningRate: number;
}

export interface Comparison {
  /** For people: a name, the teacher's number, the student's. */
  readonly rows: readonly (readonly string[])[];
  /** For programs: `report.json`. */
  readonly report: object;
}

/** How far a preparation is. */
export interface Preparation {
  /** Of what `done` and `total` count, such as `photographs encoded`. */
  readonly what: string;
  readonly done: number;
  readonly total: number;
}

export type ModelFile = Readonly<Record<string, unknown>>;

/** Sample `i` is a function of its number, so that a run resumes at any step without stored state. */
export interface SampleStream extends AsyncDisposable {
  /** The feeds of one share: the samples from number `first` on. Shares are asked for about in order. */
  take(first: number): Promise<Feeds>;
  /** What making samples has taken so far, where that is known. */
  costs?(): DataCosts;
}

export interface ValidationOptions {
  /** Updates that the weights had seen. */
  readonly step: number;
  /** Where pictures to look at are written to; null for none. */
  readonly pictures: string | null;
  readonly signal?: AbortSignal | undefined;
}
