import { castWeights, checkFinite, matchWeights, WeightsError } from '../../weights/index.js';
import type { Weights } from '../../tensor/index.js';
import { recognizeDncnn } from './dncnn.js';
import type { ForeignArchitecture, Recognizer, StateShapes } from './foreignArchitecture.js';
import { foreignGraph, type ForeignNetwork } from './foreignNetwork.js';
import { recognizeRrdbNet } from './rrdbNet.js';
import { recognizeSpan } from './span.js';
import { recognizeSrvggNetCompact } from './srvggNetCompact.js';

/** Tried in this order: an old RRDBNet's first key is a DnCNN's too. */
const recognizers: readonly Recognizer[] = [
  recognizeSpan,
  recognizeRrdbNet,
  recognizeSrvggNetCompact,
  recognizeDncnn,
];

/** The families of networks from outside that are known by their weights alone, as messages say it. */
export const foreignFamilies = 'SRVGGNetCompact, RRDBNet (ESRGAN), SPAN, DnCNN, FDnCNN, FFDNet';

/** The architecture of a state dict, by its keys and shapes; undefined for none that is known. */
export function recognizeForeign(state: StateShapes): ForeignArchitecture | undefined {
  for (const recognize of recognizers) {
    const found = recognize(state);
    if (found) return found;
  }
  return undefined;
}

export interface ForeignNetworkOptions {
  /** Standard deviation of the noise that FDnCNN and FFDNet are told, of 255; 15 unless given. */
  readonly noiseLevel?: number;
}

/** Of 255: what KAIR's and spandrel's callers take. */
export const defaultNoiseLevel = 15;

/**
 * A network and its weights from a state dict.
 * @throws WeightsError for weights of no known family, or that are not all of one or not finite; RangeError for a noise level
 * outside [0, 255].
 */
export function foreignNetwork(
  state: Weights,
  label: string,
  { noiseLevel = defaultNoiseLevel }: ForeignNetworkOptions = {},
): ForeignNetwork {
  if (!(noiseLevel >= 0 && noiseLevel <= 255)) {
    throw new RangeError(`expected a noise level from 0 to 255, got ${noiseLevel}`);
  }
  const found = recognizeForeign(state);
  if (!found) throw unknownNetwork(state, label);
  const { build, fold, ...facts } = found;
  const graph = foreignGraph(found, (b, sample) => build(b, sample, noiseLevel / 255));
  const weights = castWeights(fold(state), 'float32');
  const { params } = graph({ batch: 1, height: 8 * found.multiple, width: 8 * found.multiple });
  try {
    matchWeights(params, weights);
    checkFinite(weights);
  } catch (error) {
    if (!(error instanceof WeightsError)) throw error;
    throw new WeightsError(`${label}: ${found.architecture}: ${error.message}`, { cause: error });
  }
  return { ...facts, valueRange: [0, 1], fixedSize: null, graph, weights };
}

function unknownNetwork(state: StateShapes, label: string): WeightsError {
  const names = [...state.keys()].slice(0, 3).join(', ');
  const got = state.size === 0 ? 'no weights' : `${state.size} weights such as ${names}`;
  return new WeightsError(`${label}: expected the weights of ${foreignFamilies}, got ${got}`);
}
