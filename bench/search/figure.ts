import type { Curves } from './curves.js';

const panel = { width: 300, height: 220, left: 46, right: 10, top: 30, bottom: 36 };
const columns = 3;
const names: Readonly<Record<string, string>> = {
  bayesian: 'Gaussian processes, EHVI',
  nsga2: 'NSGA-II',
  random: 'random',
};
const colours: Readonly<Record<string, string>> = {
  bayesian: '#0b6e4f',
  nsga2: '#b5540a',
  random: '#5a6472',
};

/** Medians over seeds against evaluations, a band between the quartiles, a panel for each problem: SVG. */
export function searchFigure(all: readonly Curves[], initial: number): string {
  const problems = [...new Set(all.map(({ problem }) => problem))];
  const rows = Math.ceil((problems.length + 1) / columns);
  const [width, height] = [columns * panel.width, rows * panel.height];
  const panels = problems.map((problem, i) =>
    at(
      i,
      drawPanel(
        problem,
        all.filter((curves) => curves.problem === problem),
        initial,
      ),
    ),
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    '<title>Share of the true hypervolume found against evaluations, by strategy</title>',
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...panels,
    at(problems.length, legend(initial)),
    '</svg>\n',
  ].join('\n');
}

function at(index: number, content: string): string {
  const [x, y] = [(index % columns) * panel.width, Math.floor(index / columns) * panel.height];
  return `<g transform="translate(${x} ${y})">\n${content}\n</g>`;
}

function drawPanel(title: string, all: readonly Curves[], initial: number): string {
  const last = all[0].seeds[0].length;
  const lowest = Math.min(...all.map(({ seeds }) => quantile(seeds, initial - 1, 0.5)));
  const low = Math.floor(10 * lowest) / 10;
  const x = (evaluation: number): number =>
    panel.left + ((panel.width - panel.left - panel.right) * evaluation) / last;
  const y = (share: number): number => {
    const inside = Math.max(0, (share - low) / (1 - low));
    return panel.height - panel.bottom - (panel.height - panel.top - panel.bottom) * inside;
  };
  const ticks = [low, (1 + low) / 2, 1];
  return [
    text(x(last / 2), 18, title, 'text-anchor="middle" font-weight="bold"'),
    text(x(last / 2), panel.height - 4, 'evaluations', 'text-anchor="middle"'),
    ...ticks.map(
      (tick) =>
        `<path d="M${x(0)} ${y(tick).toFixed(1)}H${x(last)}" stroke="#ddd"/>` +
        text(x(0) - 5, y(tick) + 4, `${(100 * tick).toFixed(0)} %`, 'text-anchor="end"'),
    ),
    ...[0, initial, last / 2, last].map((tick) =>
      text(x(tick), panel.height - panel.bottom + 14, String(tick), 'text-anchor="middle"'),
    ),
    ...all.map((curves) => drawCurves(curves, initial, x, y)),
  ].join('\n');
}

/** From the end of the initial design, which is the same for all. */
function drawCurves(
  { strategy, seeds }: Curves,
  initial: number,
  x: (evaluation: number) => number,
  y: (share: number) => number,
): string {
  const places = seeds[0].map((_, i) => i).slice(initial - 1);
  const path = (q: number): string[] =>
    places.map((i) => `${x(i + 1).toFixed(1)} ${y(quantile(seeds, i, q)).toFixed(1)}`);
  const band = [...path(0.25), ...path(0.75).reverse()].join('L');
  const colour = colours[strategy];
  return (
    `<path d="M${band}Z" fill="${colour}" fill-opacity="0.18"/>` +
    `<path d="M${path(0.5).join('L')}" fill="none" stroke="${colour}" stroke-width="2"/>`
  );
}

function legend(initial: number): string {
  const lines = Object.entries(names).map(([strategy, name], i) => {
    const y = 50 + 24 * i;
    return `<path d="M30 ${y}h24" stroke="${colours[strategy]}" stroke-width="2"/>${text(62, y + 4, name)}`;
  });
  const notes = [
    "share of the true front's hypervolume,",
    'median and quartiles over seeds;',
    `the first ${initial} evaluations are the same for all`,
  ];
  return [...lines, ...notes.map((note, i) => text(30, 134 + 18 * i, note))].join('\n');
}

function text(x: number, y: number, content: string, attributes = ''): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes} fill="#222">${content}</text>`;
}

/** Of the seeds' values at a place, by linear interpolation. */
function quantile(seeds: readonly (readonly number[])[], place: number, q: number): number {
  const sorted = seeds.map((curve) => curve[place]).sort((a, b) => a - b);
  const position = q * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(position)], sorted[Math.ceil(position)]];
  return below + (above - below) * (position - Math.floor(position));
}
