import { tasksOf, type Effort, type KnownModel } from './tasks.js';

/** What a photo is to be restored by, where no model is named. */
export interface ModelWish {
  /** Enlarging unless given; at a scale of 1, the first task that keeps the size. */
  readonly task?: string;
  /** Output pixels a side for one input pixel. */
  readonly scale?: number;
  /** `best` unless given. Where a task has one model, it is that. */
  readonly effort?: Effort;
}

/**
 * The model for a wish: of the task's, the smallest scale that is as large as the one asked for, or the largest there is.
 * @throws RangeError listing the tasks that the models are for.
 */
export function chooseModel(wish: ModelWish, models: readonly KnownModel[]): KnownModel {
  const task = wish.task ?? taskOfScale(wish.scale, models);
  const ofTask = models.filter((model) => model.task === task);
  if (ofTask.length === 0) throw new RangeError(unknownTask(wish, models));
  const modern = ofTask.filter(({ effort }) => effort !== 'classic');
  const able = modern.length > 0 ? modern : ofTask;
  const scale = fittingScale(wish.scale, able);
  const ofScale = able.filter((model) => model.scale === scale);
  return ofScale.find(({ effort }) => effort === (wish.effort ?? 'best')) ?? ofScale[0];
}

function taskOfScale(scale: number | undefined, models: readonly KnownModel[]): string | undefined {
  if (scale !== 1) return 'sr';
  const keeping = models.filter((model) => model.scale === 1);
  return tasksOf(keeping)[0]?.name;
}

/** Without a wish, what the best model does. */
function fittingScale(wished: number | undefined, [first, ...rest]: readonly KnownModel[]): number {
  if (wished === undefined) return first.scale;
  const scales = [first, ...rest].map(({ scale }) => scale).sort((a, b) => a - b);
  return scales.find((scale) => scale >= wished) ?? scales[scales.length - 1];
}

function unknownTask({ task, scale }: ModelWish, models: readonly KnownModel[]): string {
  const known = tasksOf(models).map(({ name, sentence }) => `${name} (${sentence})`);
  const list = known.length > 0 ? known.join(', ') : 'none, as no model is installed';
  if (task !== undefined) return `expected one of the tasks ${list}, got ${task}`;
  return `expected a task that keeps the size for a scale of ${scale ?? 1}; the tasks are ${list}`;
}
