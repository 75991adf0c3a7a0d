// What a search over a family of students gives, as data: `report.json`. Later stages add to its points what they
// measure, and the page is made anew.

/** A network of the design space, and what it costs. Times are milliseconds of one step for one latent. */
export interface NetworkCost {
  /** `E1 E2 E3 D3 D2 D1`. */
  readonly stages: string;
  readonly parameters: number;
  /** Multiplications of one step for one latent. */
  readonly macs: number;
  /** As the latency table predicts it. */
  readonly latencyMs: number;
}

/** A student that was assembled, and how far its samples are from the teacher's. */
export interface MeasuredStudent extends NetworkCost {
  readonly taFD: number;
  readonly latentDistance: number;
  readonly featureDistance: number;
}

/** What a search trades quality for. */
export type CostObjective = 'latency' | 'parameters';

/** One search: its measurements in their order. */
export interface SearchRecord {
  readonly objective: CostObjective;
  readonly strategy: string;
  readonly evaluations: readonly MeasuredStudent[];
  /** After each evaluation, as a share: see `HypervolumeBox`. */
  readonly hypervolume: readonly number[];
}

/** A curve of a training: pairs of step and value. */
export interface Curve {
  readonly name: string;
  readonly points: readonly (readonly [step: number, value: number])[];
}

/** A student with a name. What is not known yet is absent. */
export interface FamilyPoint {
  readonly name: string;
  /** Why it has the name. */
  readonly rule: string;
  readonly stages: string;
  readonly parameters: number;
  readonly macs: number;
  readonly latencyMs: { readonly predicted?: number; readonly measured?: number };
  /** Assembled from surrogates; after alignment. */
  readonly taFD: { readonly assembled?: number; readonly aligned?: number };
  readonly latentDistance: { readonly assembled?: number; readonly aligned?: number };
  /** Paths of pictures relative to the report's folder, of the same seeds as the teacher's. */
  readonly samples?: {
    readonly assembled?: readonly string[];
    readonly aligned?: readonly string[];
  };
  /**
   * Of its alignment, also of what it is compared with: `what: which`, such as `taFD: random`, or `which` alone for
   * held-out losses.
   */
  readonly curves?: readonly Curve[];
}

/** What `report.json` holds. */
export interface FamilyReport {
  readonly format: 'nanosd-family-report';
  readonly version: 1;
  readonly title: string;
  readonly teacher: {
    readonly name: string;
    readonly parameters: number;
    readonly macs: number;
    readonly latencyMs?: { readonly measured?: number };
    /** Paths of pictures relative to the report's folder. */
    readonly samples?: readonly string[];
  };
  /** Where the latency table was measured. */
  readonly device?: Readonly<Record<string, unknown>>;
  readonly quality: {
    readonly samples: number;
    readonly steps: number;
    readonly seed: number;
    readonly features: string;
    readonly prompts: readonly string[];
    /** The `taFD` of the teacher from itself with other seeds. */
    readonly floor: number;
  };
  readonly searches: readonly SearchRecord[];
  readonly points: readonly FamilyPoint[];
}
