import { spearman } from 'nanosd';
import { sets } from './sets.js';
import { measures, type Measured, type Study } from './study.js';

const panel = { width: 330, height: 250, left: 62, right: 14, top: 34, bottom: 48 };
const header = 64;
const rowTitle = 26;

/** By the number of transformers at the finest level (E1 and D1), where attention is longest. */
const colours = ['#1b6ca8', '#e0a526', '#c0392b'] as const;
const legend = ['no transformer at the finest level', 'one', 'two or more'] as const;

/** Latency against each measure, a row of scatter plots for each set of networks, as an SVG. */
export function correlationFigure(studies: readonly Study[]): string {
  const width = panel.width * measures.length;
  const height = header + studies.length * (panel.height + rowTitle) + 8;
  const rows = studies.map((study, row) => {
    const y = header + row * (panel.height + rowTitle);
    const title = `${sets.get(study.set)?.title ?? study.set}: ${study.networks.length} networks, ${study.device.threads} thread(s)`;
    const plots = measures.map((_, column) =>
      scatter(study, column, column * panel.width, y + rowTitle - 8),
    );
    return text(12, y + 14, title, 'font-weight="bold"') + plots.join('');
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="12" role="img">`,
    '<title>Measured latency of random networks against their parameters, MACs and activation bytes</title>',
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    text(
      12,
      22,
      'Measured latency on the CPU against what networks are counted by',
      'font-size="16" font-weight="bold"',
    ),
    ...legend.map((label, i) => {
      const x = 18 + [0, 240, 300][i];
      return `<circle cx="${x}" cy="42" r="4" fill="${colours[i]}"/>${text(x + 10, 46, label)}`;
    }),
    ...rows,
    '</svg>\n',
  ].join('\n');
}

function scatter(study: Study, column: number, x0: number, y0: number): string {
  const { key, label, unit } = measures[column];
  const xs = study.networks.map((network) => network[key] / unit);
  const ys = study.networks.map((network) => network.median);
  const [x, y] = [axis(xs), axis(ys)];
  const inner = {
    left: x0 + panel.left,
    right: x0 + panel.width - panel.right,
    top: y0 + panel.top,
    bottom: y0 + panel.height - panel.bottom,
  };
  const atX = (value: number): number => inner.left + (value / x.end) * (inner.right - inner.left);
  const atY = (value: number): number =>
    inner.bottom - (value / y.end) * (inner.bottom - inner.top);
  const grid = [
    ...x.ticks.map(
      (tick) =>
        line(atX(tick), inner.top, atX(tick), inner.bottom) +
        text(atX(tick), inner.bottom + 16, String(tick), 'text-anchor="middle" fill="#555"'),
    ),
    ...y.ticks.map(
      (tick) =>
        line(inner.left, atY(tick), inner.right, atY(tick)) +
        text(inner.left - 6, atY(tick) + 4, String(tick), 'text-anchor="end" fill="#555"'),
    ),
  ];
  const points = study.networks.map((network, i) => {
    const colour = colours[Math.min(attentionAtFinest(network), colours.length - 1)];
    const title = `<title>${network.name}: ${ys[i].toFixed(1)} ms</title>`;
    const [cx, cy] = [atX(xs[i]), atY(ys[i])].map((value) => value.toFixed(1));
    return `<circle cx="${cx}" cy="${cy}" r="3.2" fill="${colour}" fill-opacity="0.75">${title}</circle>`;
  });
  const middle = (inner.left + inner.right) / 2;
  const up = (inner.top + inner.bottom) / 2;
  return [
    ...grid,
    ...points,
    text(middle, inner.bottom + 34, label, 'text-anchor="middle"'),
    text(
      middle,
      inner.top - 8,
      `Spearman ${spearman(xs, ys).toFixed(2)}`,
      'text-anchor="middle" font-weight="bold"',
    ),
    `<text transform="translate(${x0 + 16} ${up}) rotate(-90)" text-anchor="middle">latency (ms)</text>`,
  ].join('\n');
}

function attentionAtFinest({ name }: Measured): number {
  const stages = name.split(' ');
  return `${stages[0]}${stages[5]}`.split('A').length - 1;
}

/** From 0 to a round number beyond the largest value, in four to seven steps. */
function axis(values: readonly number[]): {
  readonly end: number;
  readonly ticks: readonly number[];
} {
  const largest = Math.max(...values);
  const magnitude = 10 ** Math.floor(Math.log10(largest));
  const step =
    [0.1, 0.2, 0.25, 0.5, 1, 2]
      .map((part) => part * magnitude)
      .find((size) => largest / size <= 6) ?? magnitude;
  const steps = Math.ceil(largest / step);
  const ticks = Array.from({ length: steps + 1 }, (_, i) => Number((i * step).toPrecision(6)));
  return { end: steps * step, ticks };
}

function line(x1: number, y1: number, x2: number, y2: number): string {
  return `<line x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}" stroke="#ddd"/>`;
}

function text(x: number, y: number, content: string, attributes = ''): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${content}</text>`;
}
