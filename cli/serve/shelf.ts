import type { FileRestorer, OpenRestorerOptions } from '../../src/node.js';
import { ApiError } from './apiError.js';
import type { Order } from './order.js';

/** The models that a server has open. */
export interface Shelf extends AsyncDisposable {
  readonly restorers: readonly FileRestorer[];
  /** @throws ApiError when no model has that name, or is for that task. */
  choose(order: Pick<Order, 'model' | 'task'>): FileRestorer;
}

/**
 * Opens models: those named, or the best one for enlarging.
 * @throws ModelError, ConfigError, WeightsError, DeviceError.
 */
export async function openShelf(
  models: readonly string[],
  options: Pick<OpenRestorerOptions, 'device' | 'threads'>,
): Promise<Shelf> {
  const { openRestorer } = await import('../../src/node.js');
  const restorers: FileRestorer[] = [];
  try {
    for (const model of models) {
      restorers.push(await openRestorer({ ...options, model }));
    }
    if (models.length === 0) restorers.push(await openRestorer(options));
  } catch (error) {
    await dispose(restorers);
    throw error;
  }
  return {
    restorers,
    choose: (order) => choose(restorers, order),
    [Symbol.asyncDispose]: () => dispose(restorers),
  };
}

async function dispose(restorers: readonly FileRestorer[]): Promise<void> {
  for (const restorer of restorers) await restorer[Symbol.asyncDispose]();
}

function choose(
  restorers: readonly FileRestorer[],
  { model, task }: Pick<Order, 'model' | 'task'>,
): FileRestorer {
  const named = restorers.filter(
    (restorer) => model === undefined || restorer.model.name === model,
  );
  if (named.length === 0) {
    throw new ApiError(400, 'unknown_model', `model: expected one of ${list(restorers, 'name')}`);
  }
  const fitting = named.find((restorer) => task === undefined || restorer.model.task === task);
  if (fitting) return fitting;
  throw new ApiError(400, 'unknown_task', `task: expected one of ${list(named, 'task')}`);
}

function list(restorers: readonly FileRestorer[], key: 'name' | 'task'): string {
  return [...new Set(restorers.map(({ model }) => model[key]))].join(', ');
}
