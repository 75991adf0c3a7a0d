import { channelPlane, type Image } from '../image/index.js';

/**
 * Gives transparent pixels the colours of the opaque ones near them, up to `reach` pixels away: whatever
 * colour they hide, mostly black, would otherwise come through as a fringe. Changes `colours` [C, H, W].
 */
export function bleedColours(colours: Image, opacity: Float32Array, reach: number): void {
  const { width, height, channels } = colours;
  const known = Uint8Array.from(opacity, (value) => (value > 0 ? 1 : 0));
  let unknown: number[] = [];
  for (let i = 0; i < known.length; i++) if (known[i] === 0) unknown.push(i);
  if (unknown.length === known.length) return;
  const planes = Array.from({ length: channels }, (_, channel) => channelPlane(colours, channel));
  for (let step = 0; step < reach && unknown.length > 0; step++) {
    const [reached, beyond]: [number[], number[]] = [[], []];
    for (const at of unknown) {
      const neighbours = knownNeighbours(known, at, width, height);
      if (neighbours.length === 0) beyond.push(at);
      else reached.push(at);
      for (const plane of neighbours.length === 0 ? [] : planes) {
        let sum = 0;
        for (const from of neighbours) sum += plane[from];
        plane[at] = sum / neighbours.length;
      }
    }
    for (const at of reached) known[at] = 1;
    unknown = beyond;
  }
}

function knownNeighbours(known: Uint8Array, at: number, width: number, height: number): number[] {
  const [x, y] = [at % width, Math.floor(at / width)];
  const found: number[] = [];
  for (let v = Math.max(0, y - 1); v <= Math.min(height - 1, y + 1); v++) {
    for (let u = Math.max(0, x - 1); u <= Math.min(width - 1, x + 1); u++) {
      if (known[v * width + u] === 1) found.push(v * width + u);
    }
  }
  return found;
}

/**
 * Limits an enlarged plane to what the 3x3 pixels around held in the original: opaque stays opaque, clear
 * stays clear, and an edge does not ring. Changes `enlarged` [scale H, scale W].
 */
export function limitToSurroundings(
  enlarged: Float32Array,
  original: Float32Array,
  width: number,
  scale: number,
): void {
  const height = original.length / width;
  const row = width * scale;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [low, high] = rangeAround(original, x, y, width, height);
      for (let v = y * scale; v < (y + 1) * scale; v++) {
        for (let to = v * row + x * scale; to < v * row + (x + 1) * scale; to++) {
          enlarged[to] = Math.min(high, Math.max(low, enlarged[to]));
        }
      }
    }
  }
}

function rangeAround(
  plane: Float32Array,
  x: number,
  y: number,
  width: number,
  height: number,
): [low: number, high: number] {
  let [low, high] = [Infinity, -Infinity];
  for (let v = Math.max(0, y - 1); v <= Math.min(height - 1, y + 1); v++) {
    for (let u = Math.max(0, x - 1); u <= Math.min(width - 1, x + 1); u++) {
      const value = plane[v * width + u];
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  return [low, high];
}
