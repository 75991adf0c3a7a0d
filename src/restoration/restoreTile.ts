import type { Session } from '../graph/index.js';
import {
  channelPlane,
  createImage,
  grayToRgb,
  hasOpacity,
  rgbToGray,
  type Image,
} from '../image/index.js';
import { tensor, toFloat32 } from '../tensor/index.js';
import { bleedColours, limitToSurroundings } from './opacity.js';

/** How far hidden pixels may be from visible ones and still take part in what those become. */
const BLEED_REACH = 20;

/**
 * Runs a network over a tile of as many channels, or one of three channels over a tile of one to four. Gray
 * stays gray; opacity is restored as a picture of its own.
 */
export async function restoreTile(
  session: Session,
  tile: Image,
  inChannels: number,
  signal: AbortSignal | undefined,
): Promise<Image> {
  const { width, height, channels } = tile;
  const run = (colours: Image): Promise<Image> => runNetwork(session, colours, signal);
  if (channels === inChannels) return run(tile);
  const colourCount = hasOpacity(channels) ? channels - 1 : channels;
  const size = width * height;
  const colours = createImage(width, height, colourCount, tile.data.slice(0, colourCount * size));
  const opacity = hasOpacity(channels) ? channelPlane(tile, channels - 1) : undefined;
  if (opacity) bleedColours(colours, opacity, BLEED_REACH);
  const restored =
    colourCount === 1 ? rgbToGray(await run(grayToRgb(colours))) : await run(colours);
  if (!opacity) return restored;
  const scale = restored.width / width;
  const whole = createImage(restored.width, restored.height, channels);
  whole.data.set(restored.data);
  const plane = await restoreOpacity(run, createImage(width, height, 1, opacity), scale);
  channelPlane(whole, channels - 1).set(plane);
  return whole;
}

async function restoreOpacity(
  run: (colours: Image) => Promise<Image>,
  opacity: Image,
  scale: number,
): Promise<Float32Array> {
  const { width, height, data } = opacity;
  if (data.every((value) => value === data[0])) {
    return new Float32Array(data.length * scale * scale).fill(data[0]);
  }
  const { data: enlarged } = rgbToGray(await run(grayToRgb(createImage(width, height, 1, data))));
  limitToSurroundings(enlarged, data, width, scale);
  return enlarged;
}

async function runNetwork(
  session: Session,
  { width, height, channels, data }: Image,
  signal: AbortSignal | undefined,
): Promise<Image> {
  const sample = tensor('float32', [1, channels, height, width], data);
  const { out_sample: output } = await session.run({ sample }, signal ? { signal } : {});
  const [, outChannels, outHeight, outWidth] = output.shape;
  return createImage(outWidth, outHeight, outChannels, toFloat32(output));
}
