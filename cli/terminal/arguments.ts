import { InvalidArgumentError } from 'commander';

/** Parses an option that is a positive integer. */
export function parseCount(text: string): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 1) {
    throw new InvalidArgumentError('Expected a positive integer.');
  }
  return count;
}

/** Parses the quality of a compressed image. */
export function parseQuality(text: string): number {
  const quality = Number(text);
  if (!Number.isInteger(quality) || quality < 1 || quality > 100) {
    throw new InvalidArgumentError('Expected a whole number from 1 to 100.');
  }
  return quality;
}

/** Parses a seed: a whole number from 0. */
export function parseSeed(text: string): number {
  const seed = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(seed) || seed < 0) {
    throw new InvalidArgumentError('Expected a whole number from 0.');
  }
  return seed;
}

/** Parses whole numbers from 0 with commas between, such as `1,4,8`. */
export function parseCounts(text: string): number[] {
  const counts = text.split(',').map((part) => (part.trim() === '' ? NaN : Number(part)));
  if (!counts.every((count) => Number.isSafeInteger(count) && count >= 0)) {
    throw new InvalidArgumentError('Expected whole numbers with commas between, such as 1,4,8.');
  }
  return counts;
}

/** Parses any number. */
export function parseNumber(text: string): number {
  const number = Number(text);
  if (text.trim() === '' || !Number.isFinite(number)) {
    throw new InvalidArgumentError('Expected a number.');
  }
  return number;
}

/** Parses a factor above 0, such as `2` or `2.5`. */
export function parseFactor(text: string): number {
  const factor = Number(text);
  if (text.trim() === '' || !Number.isFinite(factor) || factor <= 0) {
    throw new InvalidArgumentError('Expected a number above 0, such as 2 or 2.5.');
  }
  return factor;
}

/** Parses a fidelity: a number from 0 to 1. */
export function parseFidelity(text: string): number {
  const fidelity = Number(text);
  if (text.trim() === '' || !(fidelity >= 0 && fidelity <= 1)) {
    throw new InvalidArgumentError(
      'Expected a number from 0 (sharpest) to 1 (only what is certain).',
    );
  }
  return fidelity;
}

/** Parses a tile side: pixels, or `auto` (undefined). */
export function parseTile(text: string): number | undefined {
  return text === 'auto' ? undefined : parseCount(text);
}

/** A week; timers hold little more. */
const MAX_SECONDS = 604_800;

const units: Readonly<Record<string, number>> = { '': 1, k: 1e3, m: 1e6, g: 1e9 };

/** Parses an amount of memory, such as `800MB` or `1.5G`, to bytes. */
export function parseBytes(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([kmg]?)b?$/i.exec(text);
  if (!match) throw new InvalidArgumentError('Expected an amount of memory such as 800MB or 2GB.');
  return Number(match[1]) * units[match[2].toLowerCase()];
}

/** Parses a number of pixels, such as `50MP` or `2000000`. */
export function parsePixels(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([kmg]?)p?$/i.exec(text);
  if (!match) throw new InvalidArgumentError('Expected a number of pixels such as 50MP.');
  return Math.round(Number(match[1]) * units[match[2].toLowerCase()]);
}

/** Parses a time in seconds, above 0. */
export function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (text.trim() === '' || !(seconds > 0 && seconds <= MAX_SECONDS)) {
    throw new InvalidArgumentError(`Expected seconds, above 0 and at most ${MAX_SECONDS}.`);
  }
  return seconds;
}

/** Parses a port to listen on. */
export function parsePort(text: string): number {
  const port = Number(text);
  if (text.trim() !== '' && Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new InvalidArgumentError('Expected a port from 0 to 65535.');
}

/** Parses a picture size: `640x480`, or one number for both sides. */
export function parseSize(text: string): { width: number; height: number } {
  const [width, height = width, ...rest] = text.split('x').map(parseCount);
  if (rest.length > 0) throw new InvalidArgumentError('Expected a size such as 128 or 640x480.');
  return { width, height };
}
