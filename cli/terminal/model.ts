import {
  openRestorer,
  type Effort,
  type FileRestorer,
  type OpenRestorerOptions,
} from '../../src/restoring-node.js';
import { UsageError } from './failures.js';

/** The flags that choose a model and what it runs on. */
export interface ModelFlags {
  /** True where `-t` was given without a name. */
  readonly task?: string | true;
  readonly scale?: number;
  readonly model?: string;
  readonly effort?: Effort;
  readonly fidelity?: number;
  readonly device: string;
  readonly threads?: number;
  readonly noiseLevel?: number;
}

/**
 * Opens the model that the flags ask for, whatever it enlarges by.
 * @throws UsageError for a fidelity that the model cannot be asked for.
 */
export async function openModel(flags: ModelFlags): Promise<FileRestorer> {
  const { task, model, effort, device, threads, scale, fidelity, noiseLevel } = flags;
  const options: OpenRestorerOptions = {
    device,
    ...(typeof task === 'string' && { task }),
    ...(scale !== undefined && { scale }),
    ...(effort !== undefined && { effort }),
    ...(model !== undefined && { model }),
    ...(threads !== undefined && { threads }),
    ...(noiseLevel !== undefined && { noiseLevel }),
    onDeviceFallback: (wrong) =>
      process.stderr.write(`nanosd: ${wrong.device} is not used: ${wrong.problem}\n`),
  };
  if (model !== undefined && effort !== undefined) {
    throw new UsageError('expected either -m or --effort, which chooses a model, got both');
  }
  const restorer = await openRestorer(options);
  if (fidelity === undefined || restorer.fidelity !== undefined) return restorer;
  await restorer[Symbol.asyncDispose]();
  throw new UsageError(
    `${restorer.model.name}: expected no --fidelity, as the model has one set of weights, got ${fidelity}`,
  );
}

/**
 * Opens the model that the flags ask for, at the scale that they ask for.
 * @throws UsageError when it enlarges by another factor.
 */
export async function openModelOfScale(flags: ModelFlags): Promise<FileRestorer> {
  const restorer = await openModel(flags);
  const { scale } = flags;
  if (scale === undefined || scale === restorer.scale) return restorer;
  await restorer[Symbol.asyncDispose]();
  throw new UsageError(
    `${restorer.model.name}: expected -s ${restorer.scale}, which is what it does, got -s ${scale}`,
  );
}
