import {
  openRestorer,
  type FileRestorer,
  type OpenRestorerOptions,
} from '../../src/restoring-node.js';
import { UsageError } from './failures.js';

/** The flags that choose a model and what it runs on. */
export interface ModelFlags {
  readonly task: string;
  readonly scale?: number;
  readonly model?: string;
  readonly device: string;
  readonly threads?: number;
  readonly noiseLevel?: number;
}

/**
 * Opens the model that the flags ask for.
 * @throws UsageError when it enlarges by another factor.
 */
export async function openModel(flags: ModelFlags): Promise<FileRestorer> {
  const { task, model, device, threads, noiseLevel, scale } = flags;
  const options: OpenRestorerOptions = {
    task,
    device,
    ...(model !== undefined && { model }),
    ...(threads !== undefined && { threads }),
    ...(noiseLevel !== undefined && { noiseLevel }),
    onDeviceFallback: (wrong) =>
      process.stderr.write(`nanosd: ${wrong.device} is not used: ${wrong.problem}\n`),
  };
  const restorer = await openRestorer(options);
  if (scale === undefined || scale === restorer.scale) return restorer;
  await restorer[Symbol.asyncDispose]();
  throw new UsageError(
    `${restorer.model.name}: expected -s ${restorer.scale}, which is what it does, got -s ${scale}`,
  );
}
