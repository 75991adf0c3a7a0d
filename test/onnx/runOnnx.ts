import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import type { Feeds } from '../../src/graph/index.js';
import { fromOrtFeeds, toOrtFeeds } from '../../src/runtime/ortTensor.js';

/** Runs the bytes of any ONNX model in ONNX Runtime, without our executor. */
export async function runOnnx(model: Uint8Array, feeds: Feeds): Promise<Feeds> {
  const session = await InferenceSession.create(model, { logSeverityLevel: 4 });
  try {
    return fromOrtFeeds(await session.run(toOrtFeeds(OrtTensor, feeds)));
  } finally {
    await session.release();
  }
}
