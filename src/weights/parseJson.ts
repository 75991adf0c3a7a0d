import { WeightsError } from './errors.js';

/**
 * What a file of JSON holds; `path` is what messages call it.
 * @throws WeightsError when its text is none.
 */
export function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new WeightsError(`${path}: expected JSON (${(error as Error).message})`, {
      cause: error,
    });
  }
}
