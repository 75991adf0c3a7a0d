import { expect, it } from 'vitest';
import { DiskFullError, withRoomOnDisk } from './diskFull-node.js';
import { ImageFileError } from './sharp-node.js';

const vips = new Error('wbuffer_write: write failed\nsystem error: No space left on device');
const node = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
const damaged = new ImageFileError('a.png: the image is damaged (wbuffer_write: write failed)', {
  cause: new ImageFileError('the image is damaged (wbuffer_write: write failed)', { cause: vips }),
});

it.each([vips, node, damaged])('a full disk is no fault of the photo: %s', async (error) => {
  const result = withRoomOnDisk('out/a.png', Promise.reject(error));
  await expect(result).rejects.toThrow(DiskFullError);
  await expect(result).rejects.toThrow('out/a.png: no space left on the disk');
});

it('other errors stay what they are', async () => {
  const error = new ImageFileError('a.png: the image is damaged');
  await expect(withRoomOnDisk('out/a.png', Promise.reject(error))).rejects.toBe(error);
  expect(await withRoomOnDisk('out/a.png', Promise.resolve(1))).toBe(1);
});
