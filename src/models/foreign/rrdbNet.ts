import type { GraphBuilder, Value } from '../../graph/index.js';
import { conv2d } from '../../nn/index.js';
import type { Weights } from '../../tensor/index.js';
import {
  convShape,
  sequenceLength,
  type ForeignArchitecture,
  type StateShapes,
} from './foreignArchitecture.js';

/** What both residual sums are multiplied with (Wang et al. 2018, section 3.1). */
const RESIDUAL_SCALE = 0.2;
const SLOPE = 0.2;

/**
 * RRDBNet (ESRGAN, BSRGAN, RealSR, Real-ESRGAN, ESRGAN+), under its three sets of names: `model.1.sub.0.RDB1.conv1.0`,
 * `RRDB_trunk.0.RDB1.conv1` and `body.0.rdb1.conv1`. Those that Real-ESRGAN trains for x1 and x2 first turn blocks of
 * pixels into channels.
 */
export function recognizeRrdbNet(file: StateShapes): ForeignArchitecture | undefined {
  const state = renameEntries(file);
  const first = convShape(state, 'conv_first');
  const growth = convShape(state, 'body.0.rdb1.conv1')?.[0];
  const outChannels = convShape(state, 'conv_last')?.[0];
  if (!first || growth === undefined || outChannels === undefined) return undefined;
  const [channels, given] = first;
  const factor = Math.sqrt(given / outChannels);
  const unshuffle = factor === 2 || factor === 4 ? factor : 1;
  const blocks = sequenceLength(state, 'body');
  let doublings = 0;
  while (state.has(`conv_up${doublings + 1}.weight`)) doublings++;
  const scale = 2 ** doublings / unshuffle;
  const hasShortcuts = state.has('body.0.rdb1.conv1x1.weight');
  if (scale < 1) return undefined;
  const build = (b: GraphBuilder, sample: Value): Value => {
    const picture = unshuffle === 1 ? sample : b.pixelUnshuffle(sample, unshuffle);
    const features = conv2d(b, 'conv_first', picture, channels);
    let hidden = features;
    for (let i = 0; i < blocks; i++) {
      let inner = hidden;
      for (const dense of ['rdb1', 'rdb2', 'rdb3']) {
        inner = denseBlock(b, `body.${i}.${dense}`, inner, growth, hasShortcuts);
      }
      hidden = b.add(b.scale(inner, RESIDUAL_SCALE), hidden);
    }
    hidden = b.add(conv2d(b, 'conv_body', hidden, channels), features);
    for (let i = 1; i <= doublings; i++) {
      const [, , height, width] = hidden.shape;
      const size = { mode: 'nearest' as const, height: height * 2, width: width * 2 };
      hidden = leaky(b, conv2d(b, `conv_up${i}`, b.apply('resize', [hidden], size), channels));
    }
    hidden = leaky(b, conv2d(b, 'conv_hr', hidden, channels));
    return conv2d(b, 'conv_last', hidden, outChannels);
  };
  return {
    architecture: hasShortcuts ? 'RRDBNet (ESRGAN+)' : 'RRDBNet',
    details: `${channels} channels, ${blocks} blocks`,
    scale,
    inChannels: given / unshuffle ** 2,
    outChannels,
    multiple: unshuffle,
    takesNoiseLevel: false,
    build,
    fold: renameEntries,
  };
}

/** Five convolutions, each of which sees all before it (Wang et al. 2018, figure 4). */
function denseBlock(
  b: GraphBuilder,
  name: string,
  x: Value,
  growth: number,
  hasShortcuts: boolean,
): Value {
  const seen = [x];
  for (let i = 1; i <= 4; i++) {
    let grown = leaky(b, conv2d(b, `${name}.conv${i}`, b.concat(seen, 1), growth));
    if (hasShortcuts && i === 2) {
      const shortcut = { kernelSize: 1, bias: false };
      grown = b.add(grown, conv2d(b, `${name}.conv1x1`, x, growth, shortcut));
    }
    if (hasShortcuts && i === 4) grown = b.add(grown, seen[2]);
    seen.push(grown);
  }
  const last = conv2d(b, `${name}.conv5`, b.concat(seen, 1), x.shape[1]);
  return b.add(b.scale(last, RESIDUAL_SCALE), x);
}

function leaky(b: GraphBuilder, x: Value): Value {
  return b.apply('leakyRelu', [x], { alpha: SLOPE });
}

/** The names of Real-ESRGAN, which is the newest of the three; others pass as they are. */
function renameEntries<T>(entries: ReadonlyMap<string, T>): ReadonlyMap<string, T>;
function renameEntries(entries: Weights): Weights {
  if (entries.has('conv_first.weight')) return mapNames(entries, newName);
  if (!entries.has('model.0.weight')) return entries;
  const length = sequenceLength(entries, 'model');
  const trunk = sequenceLength(entries, 'model.1.sub') - 1;
  return mapNames(entries, (name) => oldName(name, length, trunk));
}

function mapNames(entries: Weights, rename: (name: string) => string): Weights {
  return new Map(Array.from(entries, ([name, entry]) => [rename(name), entry]));
}

/** BSRGAN's and RealSR's names. */
function newName(name: string): string {
  return name
    .replace(/^RRDB_trunk\.(\d+)\.RDB(\d)\./, 'body.$1.rdb$2.')
    .replace(/^trunk_conv\./, 'conv_body.')
    .replace(/^upconv(\d)\./, 'conv_up$1.')
    .replace(/^HRconv\./, 'conv_hr.');
}

/** The first ESRGAN's, where everything is numbered through: an enlargement, its convolution and activation are three. */
function oldName(name: string, length: number, trunk: number): string {
  const dense = /^model\.1\.sub\.(\d+)\.RDB(\d)\.(conv\d|conv1x1)(?:\.0)?\.(weight|bias)$/.exec(name);
  if (dense) return `body.${dense[1]}.rdb${dense[2]}.${dense[3]}.${dense[4]}`;
  const body = /^model\.1\.sub\.(\d+)\.(weight|bias)$/.exec(name);
  if (body && Number(body[1]) === trunk) return `conv_body.${body[2]}`;
  const numbered = /^model\.(\d+)\.(weight|bias)$/.exec(name);
  if (!numbered) return name;
  const index = Number(numbered[1]);
  if (index === 0) return `conv_first.${numbered[2]}`;
  if (index === length - 1) return `conv_last.${numbered[2]}`;
  if (index === length - 3) return `conv_hr.${numbered[2]}`;
  return index % 3 === 0 ? `conv_up${index / 3}.${numbered[2]}` : name;
}
