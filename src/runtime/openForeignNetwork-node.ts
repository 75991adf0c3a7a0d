import { extname } from 'node:path';
import type { Executor } from '../graph/index.js';
import type { ForeignNetwork, ForeignNetworkOptions } from '../models/index.js';
import { readExternalData } from '../onnx/file-node.js';
import { openForeignSource } from '../onnx/index.js';
import { openFile } from '../weights/file-node.js';
import { createNodeExecutor } from './ort-node.js';

export interface OpenForeignNetworkOptions extends ForeignNetworkOptions {
  /** Tries out what an ONNX file does not say; the CPU in this thread unless given. */
  readonly executor?: Executor;
}

/**
 * Opens a network that another program has trained, as a graph and weights: an ONNX model of one picture in and one out, or the
 * weights (`.safetensors`, `.pth`, `.ckpt`) of SRVGGNetCompact, RRDBNet (ESRGAN), SPAN, DnCNN, FDnCNN or FFDNet, which are known by
 * their keys. It takes and gives pictures `[N, C, H, W]` in [0, 1].
 * @throws WeightsError naming the file that is absent, damaged or of no known network; RangeError for a noise level that cannot be.
 */
export async function openForeignNetwork(
  path: string,
  { executor, ...options }: OpenForeignNetworkOptions = {},
): Promise<ForeignNetwork> {
  const file = await openFile(path);
  try {
    const isOnnx = extname(path).toLowerCase() === '.onnx';
    return await openForeignSource(file, {
      ...options,
      executor: () => executor ?? createNodeExecutor(),
      ...(isOnnx && { externalData: await readExternalData(path) }),
    });
  } finally {
    await file.close();
  }
}
