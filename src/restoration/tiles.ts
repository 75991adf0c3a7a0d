/** The part of a picture that one run of the network sees, and the part of its result that is kept. */
export interface Tile {
  /** Where the window of `tileWidth` x `tileHeight` input pixels begins. */
  readonly left: number;
  readonly top: number;
  /** What is kept, in input pixels of the whole picture. The kept parts of all tiles cover it once. */
  readonly core: Rectangle;
}

export interface Rectangle {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface TileGrid {
  /** The same for every tile of a grid, so that one session serves them all. */
  readonly tileWidth: number;
  readonly tileHeight: number;
  readonly tiles: readonly Tile[];
}

export interface TileOptions {
  /** The longest side of a tile, in input pixels. */
  readonly tile: number;
  /** Pixels at a tile's inner borders that are computed and dropped, for they lack their surroundings. */
  readonly overlap: number;
  /** What the network's input sides must be multiples of. */
  readonly multiple: number;
}

/**
 * Divides a picture into as few tiles of equal size as the limit allows, row by row. Tiles begin at
 * multiples of `multiple`, where the network sees the picture as it would see it whole; they may reach
 * beyond its right and lower ends by less than `multiple`.
 * @throws RangeError when a tile is all overlap.
 */
export function planTiles(width: number, height: number, options: TileOptions): TileGrid {
  const columns = planAxis(width, options);
  const rows = planAxis(height, options);
  const tiles = rows.spans.flatMap((row) =>
    columns.spans.map((column): Tile => {
      const core = {
        left: column.from,
        top: row.from,
        width: column.to - column.from,
        height: row.to - row.from,
      };
      return { left: column.start, top: row.start, core };
    }),
  );
  return { tileWidth: columns.size, tileHeight: rows.size, tiles };
}

interface Span {
  readonly start: number;
  readonly from: number;
  readonly to: number;
}

function planAxis(
  length: number,
  { tile, overlap, multiple }: TileOptions,
): { size: number; spans: Span[] } {
  const padded = roundUp(length, multiple);
  const margin = 2 * roundUp(overlap, multiple);
  const largest = tile - (tile % multiple);
  if (padded <= largest) return { size: padded, spans: [{ start: 0, from: 0, to: length }] };
  if (!(largest > margin)) {
    throw new RangeError(
      `expected tiles of at least ${margin + multiple} pixels a side, got ${tile}`,
    );
  }
  const count = Math.ceil((padded - margin) / (largest - margin));
  const size = roundUp((padded + (count - 1) * margin) / count, multiple);
  const spans: Span[] = [];
  for (let i = 0, from = 0; from < length; i++) {
    const start = Math.min(i * (size - margin), padded - size);
    const to = start + size >= padded ? length : start + size - margin / 2;
    spans.push({ start, from, to });
    from = to;
  }
  return { size, spans };
}

function roundUp(length: number, multiple: number): number {
  return Math.ceil(length / multiple) * multiple;
}
