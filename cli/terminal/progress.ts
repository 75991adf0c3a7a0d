import type { WriteStream } from 'node:tty';

const WIDTH = 80;
const REDRAW_MS = 100;

/** One line that shows how far a task is. */
export interface ProgressLine {
  update(done: number, total: number, label: string): void;
  clear(): void;
}

/** A progress line on a terminal; nothing where the stream is not one. */
export function createProgressLine(stream: WriteStream = process.stderr): ProgressLine {
  const drawing = createDrawing(stream);
  return {
    update(done, total, label) {
      drawing.draw(
        (width, seconds) => progressText(done, total, label, seconds, width),
        done >= total,
      );
    },
    clear: () => drawing.clear(),
  };
}

/** One line of a terminal that is drawn over and over. */
export interface Drawing {
  /** Draws what `compose` gives for so many columns and seconds; not too often, unless it is the last. */
  draw(compose: (width: number, elapsedSeconds: number) => string, isLast: boolean): void;
  clear(): void;
}

/** Draws on a terminal, and nothing where the stream is not one. */
export function createDrawing(stream: WriteStream): Drawing {
  if (!stream.isTTY) return { draw: () => undefined, clear: () => undefined };
  const start = performance.now();
  let drawn = -Infinity;
  return {
    draw(compose, isLast) {
      const now = performance.now();
      if (!isLast && now - drawn < REDRAW_MS) return;
      drawn = now;
      const width = Math.min(WIDTH, stream.columns || WIDTH) - 1;
      stream.write(`\r\x1b[2K${compose(width, (now - start) / 1000)}`);
    },
    clear() {
      stream.write('\r\x1b[2K');
    },
  };
}

/** `label  3/12  25 %  0:41 left`, of at most `width` columns; a label that is too long loses its beginning. */
export function progressText(
  done: number,
  total: number,
  label: string,
  elapsedSeconds: number,
  width: number,
): string {
  const percent = `${Math.floor((100 * done) / total)} %`;
  const parts = [`${done}/${total}`, percent];
  if (done > 0) parts.push(`${formatSeconds((elapsedSeconds / done) * (total - done))} left`);
  const numbers = `  ${parts.join('  ')}`;
  return `${shortened(label, width - numbers.length)}${numbers}`.slice(0, width);
}

/** A label in at most `room` columns: one that is too long loses its beginning. */
export function shortened(label: string, room: number): string {
  // A name may hold what moves a terminal's cursor.
  const letters = [...label.replace(/\p{Cc}/gu, '\ufffd')];
  let columns = letters.reduce((sum, letter) => sum + columnsOf(letter), 0);
  if (columns <= room) return letters.join('');
  if (room <= 1) return '';
  let first = 0;
  while (columns > room - 1) columns -= columnsOf(letters[first++]);
  return `…${letters.slice(first).join('')}`;
}

const wide =
  /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Emoji_Presentation}\u3000-\u303f\uff01-\uff60]/u;

/** What a terminal takes for a letter: two for those of East Asia and pictures, none for accents and joiners. */
function columnsOf(letter: string): number {
  if (/[\p{Mn}\p{Me}\p{Cf}]/u.test(letter)) return 0;
  return wide.test(letter) ? 2 : 1;
}

/** `0:41`, `12:05`, `3:07:20`. */
export function formatSeconds(seconds: number): string {
  const whole = Math.round(seconds);
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (n: number): string => String(n).padStart(2, '0');
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}
