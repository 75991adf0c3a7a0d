import type { Graph } from '../../graph/index.js';
import { kindEmbeddingName } from '../../models/index.js';
import { elementCount, tensor, zeros, type Random, type Tensor } from '../../tensor/index.js';

/**
 * Random weights for every param of a network: matrices and kernels normal with variance
 * `gain^2 / fanIn` (He et al. 2015 with gain sqrt(2)), vectors zero, except norm weights (one).
 * `gainOf` decides by name; residual branches start small so that a deep network starts near identity.
 */
export function initializeWeights(
  { params }: Pick<Graph, 'params'>,
  random: Random,
  gainOf: (name: string) => number,
): Map<string, Tensor<'float32'>> {
  const weights = new Map<string, Tensor<'float32'>>();
  for (const { name, shape } of params) {
    weights.set(name, initializeParam(name, shape, random, gainOf(name)));
  }
  return weights;
}

function initializeParam(
  name: string,
  shape: readonly number[],
  random: Random,
  gain: number,
): Tensor<'float32'> {
  if (shape.length === 1) {
    const start = zeros('float32', shape);
    if (/norm\w*\.weight$/.test(name)) start.data.fill(1);
    return start;
  }
  const fanIn = elementCount(shape.slice(1));
  const deviation = gain / Math.sqrt(fanIn);
  const values = random.normals(elementCount(shape));
  return tensor(
    'float32',
    shape,
    values.map((value) => value * deviation),
  );
}

/**
 * Initial weights of a restorer: He gain before activations; the last convolution of each residual branch
 * starts at a tenth and the network's own at a hundredth, so that the first output is the enlarged input.
 */
export function initializeRestorer(graph: Graph, random: Random): Map<string, Tensor<'float32'>> {
  return initializeWeights(graph, random, (name) => {
    if (name.endsWith('conv_out.weight')) return 0.01;
    if (name.endsWith('conv2.weight')) return 0.1;
    return name.endsWith('conv1.weight') ? Math.SQRT2 : 1;
  });
}

/**
 * Initial weights of a `NanoSDAutoencoder`: residual branches start at a tenth, and the deviation of latents at
 * 0.05, near that of most teachers.
 */
export function initializeNanosdAutoencoder(
  graph: Graph,
  random: Random,
): Map<string, Tensor<'float32'>> {
  const weights = initializeWeights(graph, random, (name) => {
    if (name.endsWith('conv2.weight')) return 0.1;
    return name.endsWith('conv1.weight') ? Math.SQRT2 : 1;
  });
  const bias = weights.get('encoder.conv_out.bias');
  bias?.data.fill(-6, bias.data.length / 2);
  return weights;
}

/**
 * Initial weights of a `UNet2DConditionModel` and of learned prompts: the last layers of residual branches and the
 * network's own start at nothing (Dhariwal and Nichol 2021), the rest keeps the variance of what comes in; prompts
 * have a deviation of one.
 */
export function initializeUnet(graph: Graph, random: Random): Map<string, Tensor<'float32'>> {
  const weights = initializeWeights(graph, random, (name) => {
    return /(conv2|proj_out|conv_out)\.weight$/.test(name) ? 0 : 1;
  });
  const prompts = weights.get(kindEmbeddingName);
  if (prompts) prompts.data.set(random.normals(prompts.data.length));
  return weights;
}
