/** What a stage's result depends on, as JSON. */
export type Settings =
  null | boolean | number | string | readonly Settings[] | { readonly [key: string]: Settings };

/** One piece of a pipeline's work: what it leaves in its folder is a function of its settings and of earlier stages. */
export interface Stage {
  /** Letters, digits and hyphens. */
  readonly name: string;
  /** Stages whose folders it reads. */
  readonly after: readonly string[];
  readonly settings: Settings;
  /**
   * Does the work in `folder`, going on from what an interrupted run of the same stage left there. When it
   * resolves, the folder is whole.
   */
  run(at: StageContext): Promise<void>;
}

export interface StageContext {
  readonly folder: string;
  /** The folder of a stage that this one comes after. */
  readonly folderOf: (stage: string) => string;
  readonly signal: AbortSignal;
  /** `done` is a share of the stage's work, 0 to 1; `note` says in a few words what is being done. */
  readonly onProgress: (done: number, note: string) => void;
  /** One line about something that was left out or went another way. */
  readonly onWarning: (warning: string) => void;
}

/** What a pipeline tells while it runs. */
export type PipelineEvent =
  | {
      readonly kind: 'stage';
      readonly stage: string;
      readonly state: 'running' | 'done' | 'kept';
      readonly folder: string;
      /** Of all its runs together; null while it runs. */
      readonly seconds: number | null;
    }
  | {
      readonly kind: 'progress';
      readonly stage: string;
      readonly done: number;
      readonly note: string;
    }
  | { readonly kind: 'warning'; readonly stage: string; readonly message: string };

/**
 * Stages in an order in which each comes after those that it reads, otherwise as given.
 * @throws Error for a name that is unknown or occurs twice, or a circle.
 */
export function inOrder(stages: readonly Stage[]): readonly Stage[] {
  const byName = new Map(stages.map((stage) => [stage.name, stage]));
  if (byName.size < stages.length) throw new Error('expected stages of different names');
  const ordered = new Set<Stage>();
  const visit = (stage: Stage, path: readonly string[]): void => {
    if (ordered.has(stage)) return;
    const circle = [...path, stage.name];
    if (path.includes(stage.name)) throw new Error(`expected no circle, got ${circle.join(' > ')}`);
    for (const name of stage.after) {
      const before = byName.get(name);
      if (!before) throw new Error(`${stage.name}: expected a stage before it, got no ${name}`);
      visit(before, circle);
    }
    ordered.add(stage);
  };
  for (const stage of stages) visit(stage, []);
  return [...ordered];
}
