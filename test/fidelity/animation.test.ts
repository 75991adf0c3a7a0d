import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { restoreToBytes } from '../../src/restoration/restoreTo-node.js';
import { identityRestorer } from './identity.js';

const colours = ['#ff0000', '#00ff00', '#0000ff', '#ffff00'];
const delay = [100, 40, 250, 70];

async function animation(format: 'gif' | 'webp'): Promise<Buffer> {
  const frame = (background: string) =>
    sharp({ create: { width: 12, height: 10, channels: 4, background } })
      .png()
      .toBuffer();
  const frames = await Promise.all(colours.map(frame));
  const joined = sharp(frames, { join: { animated: true } });
  return format === 'gif'
    ? joined.gif({ delay, loop: 3 }).toBuffer()
    : joined.webp({ delay, loop: 3, lossless: true }).toBuffer();
}

const restore = async (input: Buffer, format: 'gif' | 'webp' | 'png') =>
  restoreToBytes(identityRestorer(2), input, format, { scale: 1.5 });

describe('an animation', () => {
  it.each([
    ['gif', 'gif'],
    ['webp', 'webp'],
    ['gif', 'webp'],
  ] as const)('from %s to %s keeps its frames and their timing', async (from, to) => {
    const { bytes, frames, lost, width, height } = await restore(await animation(from), to);
    expect({ frames, lost, width, height }).toEqual({ frames: 4, lost: [], width: 18, height: 15 });
    const metadata = await sharp(bytes, { animated: true }).metadata();
    expect(metadata).toMatchObject({ format: to, pages: 4, pageHeight: 15, loop: 3, delay });
    for (const [page, colour] of colours.entries()) {
      const pixels = await sharp(bytes, { page }).removeAlpha().raw().toBuffer();
      const expected = Buffer.from(colour.slice(1), 'hex');
      const worst = pixels.reduce(
        (w, value, i) => Math.max(w, Math.abs(value - expected[i % 3])),
        0,
      );
      expect([page, worst <= 4]).toEqual([page, true]);
    }
  });

  it('says so when a format holds one picture only', async () => {
    const { bytes, lost } = await restore(await animation('gif'), 'png');
    expect(lost).toEqual(['animation']);
    expect(await sharp(bytes).metadata()).toMatchObject({ width: 18, height: 15 });
  });
});
