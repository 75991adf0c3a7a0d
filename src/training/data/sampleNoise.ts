import { elementCount, Random, tensor, type Tensor } from '../../tensor/index.js';

/** Standard normal noise `[N, ...]` for the samples from number `first` on: each one's own stream, apart from that of its crop. */
export function noiseFrom(
  seed: number,
  first: number,
  shape: readonly number[],
): Tensor<'float32'> {
  const [count, ...rest] = shape;
  const length = elementCount(rest);
  const noise = new Float32Array(count * length);
  for (let i = 0; i < count; i++) {
    const random = Random.seeded(seed, first + i).fork();
    noise.set(random.normals(length), i * length);
  }
  return tensor('float32', shape, noise);
}
