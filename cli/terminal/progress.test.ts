import { describe, expect, it } from 'vitest';
import { formatSeconds, progressText, shortened } from './progress.js';

describe('a progress line', () => {
  it('tells how far it is and how long it will take', () => {
    expect(progressText(3, 12, 'photo.jpg', 30, 79)).toBe('photo.jpg  3/12  25 %  1:30 left');
    expect(progressText(0, 12, 'photo.jpg', 0, 79)).toBe('photo.jpg  0/12  0 %');
  });

  it('never wraps: the label loses its beginning first', () => {
    const label = `${'very/'.repeat(30)}long.jpg`;
    const text = progressText(3, 12, label, 30, 79);
    expect(text).toHaveLength(79);
    expect(text).toMatch(/^….*long\.jpg {2}3\/12 {2}25 % {2}1:30 left$/);
    expect(progressText(3, 12, label, 30, 10).length).toBeLessThanOrEqual(10);
  });

  it('counts columns, not characters, and lets no name move the cursor', () => {
    expect(shortened('写真.jpg', 8)).toBe('写真.jpg');
    expect(shortened('港の写真.jpg', 8)).toBe('…真.jpg');
    expect(shortened('e\u0301te\u0301.jpg', 7)).toBe('e\u0301te\u0301.jpg');
    expect(shortened('📷📷.jpg', 7)).toBe('…📷.jpg');
    expect(shortened('a\x1b[2J\n.jpg', 20)).toBe('a\ufffd[2J\ufffd.jpg');
    expect(shortened('photo.jpg', 1)).toBe('');
  });

  it('writes durations as clocks do', () => {
    expect([0.4, 59.6, 725, 11_240].map(formatSeconds)).toEqual([
      ...['0:00', '1:00', '12:05', '3:07:20'],
    ]);
  });
});
