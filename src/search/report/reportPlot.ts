// Plots as SVG text: no library draws without a browser and leaves the colours to a style sheet.

/** A dot, or a corner of a line. */
export interface PlotPoint {
  readonly x: number;
  readonly y: number;
  /** Shown while the pointer rests on it. */
  readonly title?: string;
  /** Written beside it. */
  readonly label?: string;
}

export interface PlotSeries {
  /** `steps` holds each value until the next. */
  readonly kind: 'dots' | 'line' | 'steps';
  /** Decides its colour. */
  readonly className: string;
  readonly points: readonly PlotPoint[];
}

export interface PlotAxis {
  readonly label: string;
  readonly scale: 'linear' | 'log';
}

export interface Plot {
  /** What it shows, for who cannot see it. */
  readonly description: string;
  readonly x: PlotAxis;
  readonly y: PlotAxis;
  readonly series: readonly PlotSeries[];
}

const size = { width: 440, height: 300 };
const inner = { left: 50, right: 428, top: 14, bottom: 258 };

/** A plot as an `<svg>` of its own; empty text where there is nothing to show. */
export function plotSvg({ description, x, y, series }: Plot): string {
  const points = series.flatMap((one) => one.points);
  if (points.length === 0) return '';
  const across = scaleOf(
    x,
    points.map((point) => point.x),
    [inner.left, inner.right],
  );
  const up = scaleOf(
    y,
    points.map((point) => point.y),
    [inner.bottom, inner.top],
  );
  const drawn = series.map((one) => seriesSvg(one, across.place, up.place));
  return (
    `<svg class="plot" viewBox="0 0 ${size.width} ${size.height}" role="img" aria-label="${escapeHtml(description)}">` +
    `${axesSvg(across, up)}${drawn.join('')}` +
    `<text class="axis-name" x="${inner.right}" y="${size.height - 6}" text-anchor="end">${escapeHtml(x.label)}</text>` +
    `<text class="axis-name" x="4" y="9">${escapeHtml(y.label)}</text></svg>`
  );
}

interface Scale {
  readonly place: (value: number) => number;
  readonly ticks: readonly number[];
}

function scaleOf(
  { scale }: PlotAxis,
  values: readonly number[],
  [start, end]: readonly [number, number],
): Scale {
  const to = scale === 'log' ? Math.log : (value: number) => value;
  const [low, high] = [to(Math.min(...values)), to(Math.max(...values))];
  const margin = (high - low || Math.abs(high) || 1) * 0.07;
  const [first, last] = [low - margin, high + margin];
  const place = (value: number): number =>
    start + ((to(value) - first) / (last - first)) * (end - start);
  const range = scale === 'log' ? [Math.exp(first), Math.exp(last)] : [first, last];
  const ticks = scale === 'log' ? logTicks(range[0], range[1]) : linearTicks(range[0], range[1]);
  return { place, ticks };
}

/** 1, 2 and 5 times powers of ten; finer where there would be fewer than three. */
export function logTicks(low: number, high: number): number[] {
  const within = (digits: readonly number[]): number[] => {
    const ticks: number[] = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
      // Divided, not multiplied, by powers of ten: 3e-1 is not 3 * 0.1.
      const of = (digit: number): number =>
        power < 0 ? digit / 10 ** -power : digit * 10 ** power;
      ticks.push(...digits.map(of));
    }
    return ticks.filter((tick) => tick >= low && tick <= high);
  };
  const coarse = within([1, 2, 5]);
  if (coarse.length > 8) return within([1]);
  return coarse.length >= 3 ? coarse : within([1, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9]);
}

export function linearTicks(low: number, high: number): number[] {
  const rough = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((digit) => digit * power >= rough) ?? 10) * power;
  const ticks: number[] = [];
  for (let i = Math.ceil(low / step); i * step <= high; i++) ticks.push(i * step);
  return ticks;
}

function axesSvg(across: Scale, up: Scale): string {
  const vertical = across.ticks.map((tick) => {
    const x = across.place(tick).toFixed(1);
    return `<path class="grid" d="M${x} ${inner.top}V${inner.bottom}"/><text class="tick" x="${x}" y="${inner.bottom + 16}" text-anchor="middle">${shortNumber(tick)}</text>`;
  });
  const horizontal = up.ticks.map((tick) => {
    const y = up.place(tick);
    return `<path class="grid" d="M${inner.left} ${y.toFixed(1)}H${inner.right}"/><text class="tick" x="${inner.left - 7}" y="${(y + 4).toFixed(1)}" text-anchor="end">${shortNumber(tick)}</text>`;
  });
  const frame = `<path class="axis" d="M${inner.left} ${inner.top}V${inner.bottom}H${inner.right}"/>`;
  return vertical.join('') + horizontal.join('') + frame;
}

function seriesSvg(
  { kind, className, points }: PlotSeries,
  across: (x: number) => number,
  up: (y: number) => number,
): string {
  const places = points.map(({ x, y }) => [across(x).toFixed(1), up(y).toFixed(1)] as const);
  if (kind !== 'dots') {
    const path = places.map(([x, y], i) => {
      if (i === 0) return `M${x} ${y}`;
      return kind === 'steps' ? `H${x}V${y}` : `L${x} ${y}`;
    });
    return `<path class="line ${className}" d="${path.join('')}"/>`;
  }
  const dots = points.map(({ title }, i) => {
    const [cx, cy] = places[i];
    const tip = title === undefined ? '' : `<title>${escapeHtml(title)}</title>`;
    return `<circle class="dot ${className}" cx="${cx}" cy="${cy}" r="3">${tip}</circle>`;
  });
  return dots.join('') + labelsSvg(points, across, up);
}

/** Labels beside their dots: above them, or below where another is in the way. */
function labelsSvg(
  points: readonly PlotPoint[],
  across: (x: number) => number,
  up: (y: number) => number,
): string {
  const placed: { readonly x: number; readonly y: number }[] = [];
  const isFree = (x: number, y: number): boolean =>
    placed.every((other) => Math.abs(other.y - y) > 13 || Math.abs(other.x - x) > 62);
  return points
    .map(({ x, y, label }) => {
      if (label === undefined) return '';
      const [dotX, dotY] = [across(x), up(y)];
      const isRight = dotX > (inner.left + 2 * inner.right) / 3;
      const at = dotX + (isRight ? -8 : 8);
      const heights = [-6, 16, -19, 29].map((offset) => dotY + offset);
      const height = heights.find((candidate) => isFree(at, candidate)) ?? heights[0];
      placed.push({ x: at, y: height });
      const anchor = isRight ? 'end' : 'start';
      return `<text class="label" x="${at.toFixed(1)}" y="${height.toFixed(1)}" text-anchor="${anchor}">${escapeHtml(label)}</text>`;
    })
    .join('');
}

/** Three digits, with `k`, `M` or `G` for thousands and more. */
export function shortNumber(value: number): string {
  const size = Math.abs(value);
  const [unit, suffix] =
    size >= 1e9 ? [1e9, 'G'] : size >= 1e6 ? [1e6, 'M'] : size >= 1e4 ? [1e3, 'k'] : [1, ''];
  return `${Number((value / unit).toPrecision(3))}${suffix}`;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => entities[character] ?? character);
}
