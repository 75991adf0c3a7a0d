import { GraphBuilder } from '../../src/graph/index.js';
import { writeOnnxModel } from '../../src/onnx/file-node.js';
import { gaussianNoise } from '../../src/tensor/index.js';

/** Writes a feature network as ONNX: a convolution of pictures of 16x16, for a batch of 8. */
export async function writeFeatureModel(path: string): Promise<void> {
  const b = new GraphBuilder();
  const pictures = b.input('pictures', [8, 3, 16, 16]);
  const weight = b.param('weight', [5, 3, 3, 3]);
  const maps = b.relu(b.conv(pictures, weight, null));
  const weights = new Map([['weight', gaussianNoise([5, 3, 3, 3], 1)]]);
  await writeOnnxModel(path, b.build({ features: maps }), weights);
}
