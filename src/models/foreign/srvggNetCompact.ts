import type { GraphBuilder, Value } from '../../graph/index.js';
import { conv2d } from '../../nn/index.js';
import {
  convShape,
  sequenceLength,
  shuffledChannels,
  type ForeignArchitecture,
  type StateShapes,
} from './foreignArchitecture.js';

/**
 * SRVGGNetCompact, "Compact" (Real-ESRGAN's `realesr-general-x4v3` and `realesr-animevideov3`): convolutions with PReLU,
 * a pixel shuffle, and the picture itself enlarged by repeating pixels.
 */
export function recognizeSrvggNetCompact(state: StateShapes): ForeignArchitecture | undefined {
  const first = convShape(state, 'body.0');
  const isCompact = first && state.get('body.1.weight')?.shape.length === 1;
  if (!isCompact) return undefined;
  const [channels, inChannels] = first;
  const last = sequenceLength(state, 'body') - 1;
  const shuffled = shuffledChannels(convShape(state, `body.${last}`)?.[0] ?? 0, inChannels);
  if (!shuffled || shuffled.outChannels !== inChannels) return undefined;
  const { scale } = shuffled;
  const build = (b: GraphBuilder, sample: Value): Value => {
    let hidden = sample;
    for (let i = 0; i < last; i += 2) {
      hidden = conv2d(b, `body.${i}`, hidden, channels);
      hidden = prelu(b, hidden, b.param(`body.${i + 1}.weight`, state.get(`body.${i + 1}.weight`)?.shape ?? []));
    }
    hidden = conv2d(b, `body.${last}`, hidden, inChannels * scale * scale);
    const [, , height, width] = sample.shape;
    const size = { mode: 'nearest' as const, height: height * scale, width: width * scale };
    const base = scale === 1 ? sample : b.apply('resize', [sample], size);
    return b.add(b.pixelShuffle(hidden, scale), base);
  };
  return {
    architecture: 'SRVGGNetCompact',
    details: `${channels} channels, ${last / 2 - 1} convolutions`,
    scale,
    inChannels,
    outChannels: inChannels,
    multiple: 1,
    takesNoiseLevel: false,
    build,
    fold: (weights) => weights,
  };
}

/** A slope for negative values, one a channel or one for all. */
function prelu(b: GraphBuilder, x: Value, slope: Value): Value {
  const perChannel = b.reshape(slope, [1, slope.shape[0], 1, 1]);
  return b.sub(b.relu(x), b.mul(perChannel, b.relu(b.neg(x))));
}
