import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { restoreToBytes } from '../../src/restoration/restoreTo-node.js';
import { identityRestorer } from './identity.js';

/** A disc of one colour; what lies around it is clear, and black, as most programs leave it. */
function disc(side: number, colour: readonly [number, number, number]): Promise<Buffer> {
  const bytes = Buffer.alloc(4 * side * side);
  for (let i = 0; i < side * side; i++) {
    const distance = Math.hypot((i % side) - side / 2, Math.floor(i / side) - side / 2);
    const opacity = Math.min(1, Math.max(0, side / 3 - distance + 0.5));
    if (opacity > 0) bytes.set([...colour, Math.round(255 * opacity)], 4 * i);
  }
  return sharp(bytes, { raw: { width: side, height: side, channels: 4 } })
    .png()
    .toBuffer();
}

describe('opacity', () => {
  it.each([1, 1.5, 2, 3])('has no dark fringe at -s %d', async (scale) => {
    const input = await disc(48, [255, 255, 255]);
    const { bytes } = await restoreToBytes(identityRestorer(2), input, 'png', { scale });
    const onWhite = await sharp(bytes).flatten({ background: 'white' }).raw().toBuffer();
    expect(onWhite.every((value) => value >= 254)).toBe(true);
  });

  it('stays whole where it was whole and nothing where it was nothing', async () => {
    const input = await disc(48, [200, 40, 10]);
    // A network that rings: it overshoots everywhere.
    const ringing = identityRestorer(2, (value) => 1.1 * value - 0.05);
    const { bytes } = await restoreToBytes(ringing, input, 'png', {});
    const alpha = await sharp(bytes).extractChannel(3).raw().toBuffer();
    const at = (x: number, y: number) => alpha[y * 96 + x];
    expect([at(48, 48), at(40, 60), at(2, 2), at(90, 5)]).toEqual([255, 255, 0, 0]);
  });

  it('of a picture that hides nothing fits into a JPEG', async () => {
    const create = { width: 9, height: 7, channels: 4, background: '#336699' } as const;
    const input = await sharp({ create }).png().toBuffer();
    const { bytes, lost } = await restoreToBytes(identityRestorer(2), input, 'jpeg', {});
    expect([lost, (await sharp(bytes).metadata()).channels]).toEqual([[], 3]);
    await expect(
      restoreToBytes(identityRestorer(2), await disc(16, [9, 9, 9]), 'jpeg', {}),
    ).rejects.toThrow('expected a format that holds transparency, such as .png');
  });
});
