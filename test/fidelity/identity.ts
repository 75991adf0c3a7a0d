// A restorer that changes nothing: every pixel becomes `scale` x `scale` of the same. What differs in its
// results is the fault of everything around the network.
import type { Executor } from '../../src/graph/index.js';
import type { RestorerConfig } from '../../src/models/index.js';
import { createRestorer } from '../../src/restoration/createRestorer.js';
import type { PhotoRestorer } from '../../src/restoration/photoPlan-node.js';
import { restorer as restorerGraph } from '../../src/models/index.js';
import { tensor, toFloat32, Random } from '../../src/tensor/index.js';
import { initializeRestorer } from '../../src/training/objectives/initialize.js';

/** Changes to the enlarged samples, [0, 1]. */
export type Drift = (value: number) => number;

export function identityRestorer(scale: number, drift: Drift = (value) => value): PhotoRestorer {
  const config: RestorerConfig = {
    scale,
    inChannels: 3,
    baseChannels: 4,
    encoderLayers: 1,
    decoderLayers: 1,
    blockOutChannels: [4],
    layersPerBlock: [1],
    actFn: 'relu',
  };
  const network = restorerGraph(config, { batch: 1, height: 4, width: 4 });
  const weights = initializeRestorer(network, Random.seeded(1));
  const restorer = createRestorer({ executor: repeater(scale, drift), config, weights });
  return { restorer, config };
}

function repeater(scale: number, drift: Drift): Executor {
  return {
    device: 'none',
    load: () =>
      Promise.resolve({
        run({ sample }) {
          const [, channels, height, width] = sample.shape;
          const data = toFloat32(sample);
          const row = width * scale;
          const out = new Float32Array(data.length * scale * scale);
          for (let to = 0; to < out.length; to++) {
            const [x, y] = [to % row, Math.floor(to / row)];
            out[to] = drift(data[Math.floor(y / scale) * width + Math.floor(x / scale)]);
          }
          const shape = [1, channels, height * scale, row];
          return Promise.resolve({ out_sample: tensor('float32', shape, out) });
        },
        [Symbol.asyncDispose]: () => Promise.resolve(),
      }),
  };
}
