import type { Executor } from '../graph/index.js';
import {
  foreignNetwork,
  type ForeignNetwork,
  type ForeignNetworkOptions,
} from '../models/index.js';
import { openWeights, WeightsError, type ByteSource } from '../weights/index.js';
import { foreignOnnxNetwork } from './foreignModel.js';
import { decodeModel, type ImportOptions } from './import.js';

export interface ForeignSourceOptions
  extends ForeignNetworkOptions, Pick<ImportOptions, 'externalData'> {
  /** Makes what tries out an ONNX model; it is asked for where the source is one. */
  readonly executor: () => Executor | Promise<Executor>;
}

/**
 * A network that another program has trained, from the bytes of its file: an ONNX model by its name, else weights of a network that
 * is known by its keys.
 * @throws WeightsError naming the source that is damaged or of no known network; RangeError for a noise level that cannot be.
 */
export async function openForeignSource(
  source: ByteSource,
  { executor, externalData, ...options }: ForeignSourceOptions,
): Promise<ForeignNetwork> {
  if (!/\.onnx$/i.test(source.name)) {
    return foreignNetwork(await (await openWeights(source)).readAll(), source.name, options);
  }
  try {
    const model = decodeModel(await source.read(0, source.size));
    return await foreignOnnxNetwork(model, await executor(), externalData ? { externalData } : {});
  } catch (error) {
    if (error instanceof WeightsError && error.message.startsWith(source.name)) throw error;
    const problem = error instanceof Error ? error.message : String(error);
    throw new WeightsError(`${source.name}: ${oneLine(problem)}`, { cause: error });
  }
}

/** What cannot be read of a model is listed line by line. */
function oneLine(problem: string): string {
  return problem.split(/\n\s*/).slice(0, 4).join(' ');
}
