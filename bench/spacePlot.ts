// Parameters against multiply-accumulates as SVG: a cell of the picture for every place where there are networks.

export interface SpacePoint {
  readonly stages: string;
  readonly parameters: number;
  readonly macs: number;
}

const [width, height] = [900, 560];
const frame = { left: 64, right: 20, top: 24, bottom: 52 };
const range = { millions: [100, 550], gmac: [80, 400] } as const;
/** A side of the cells that points are gathered in, in pixels. */
const cell = 2;
/** By the number of transformers at full resolution (E1 and D1). */
const colours = ['#2b6cb0', '#2f9e8f', '#7cb342', '#d9a400', '#e07b2a', '#c0392b'];

function x(parameters: number): number {
  const [from, to] = range.millions;
  const share = (parameters / 1e6 - from) / (to - from);
  return frame.left + share * (width - frame.left - frame.right);
}

function y(macs: number): number {
  const [from, to] = range.gmac;
  const share = (macs / 1e9 - from) / (to - from);
  return height - frame.bottom - share * (height - frame.top - frame.bottom);
}

/** The plot of a design space, with some networks marked by their stages. */
export function spacePlot(points: readonly SpacePoint[], marked: readonly SpacePoint[]): string {
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="13">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...axes(),
    ...clouds(points),
    ...legend(),
    ...marked.map(mark),
    ...names(marked),
    '</svg>',
  ];
  return `${parts.join('\n')}\n`;
}

function axes(): string[] {
  const [left, right] = [frame.left, width - frame.right];
  const [top, bottom] = [frame.top, height - frame.bottom];
  const lines: string[] = [];
  for (let millions = 100; millions <= 550; millions += 50) {
    const at = x(millions * 1e6).toFixed(1);
    lines.push(`<path d="M${at} ${top}V${bottom}" stroke="#e5e5e5"/>`);
    lines.push(`<text x="${at}" y="${bottom + 18}" text-anchor="middle">${millions}M</text>`);
  }
  for (let gmac = 100; gmac <= 400; gmac += 50) {
    const at = y(gmac * 1e9).toFixed(1);
    lines.push(`<path d="M${left} ${at}H${right}" stroke="#e5e5e5"/>`);
    lines.push(`<text x="${left - 8}" y="${at}" dy="4" text-anchor="end">${gmac}</text>`);
  }
  const middle = (top + bottom) / 2;
  return [
    ...lines,
    `<text x="${(left + right) / 2}" y="${height - 10}" text-anchor="middle">parameters</text>`,
    `<text transform="translate(16 ${middle}) rotate(-90)" text-anchor="middle">GMAC, one step at 64x64 latents</text>`,
  ];
}

function attending({ stages }: SpacePoint): number {
  const [first, , , , , last] = stages.split(' ');
  return (first + last).split('A').length - 1;
}

/** The cells of each colour, as one path of short lines from left to right. */
function clouds(points: readonly SpacePoint[]): string[] {
  const cells = colours.map(() => new Map<string, readonly [number, number]>());
  for (const point of points) {
    const column = Math.round(x(point.parameters) / cell);
    const row = Math.round(y(point.macs) / cell);
    cells[attending(point)].set(`${column} ${row}`, [column, row]);
  }
  return cells.map((own, i) => {
    const sorted = [...own.values()].sort((a, b) => a[1] - b[1] || a[0] - b[0]);
    const lines = sorted.map(([column, row]) => `M${column * cell} ${row * cell}h${cell}`);
    const stroke = `stroke="${colours[i]}" stroke-width="${cell}" stroke-opacity="0.75"`;
    return `<path d="${lines.join('')}" fill="none" ${stroke}/>`;
  });
}

function legend(): string[] {
  const rows = colours.map((colour, i) => {
    const at = 56 + 19 * i;
    const text = i === 1 ? '1 transformer' : `${i} transformers`;
    return (
      `<rect x="84" y="${at - 10}" width="12" height="12" fill="${colour}"/>` +
      `<text x="102" y="${at}">${text} in E1 and D1</text>`
    );
  });
  return [`<rect x="76" y="36" width="222" height="126" fill="#fff" stroke="#ccc"/>`, ...rows];
}

/** A numbered ring. */
function mark({ parameters, macs }: SpacePoint, index: number): string {
  const [cx, cy] = [x(parameters), y(macs)].map((at) => at.toFixed(1));
  return (
    `<circle cx="${cx}" cy="${cy}" r="8" fill="#fff" stroke="#000" stroke-width="1.5"/>` +
    `<text x="${cx}" y="${cy}" dy="4" text-anchor="middle" font-size="11">${index + 1}</text>`
  );
}

/** What the numbers stand for, in the corner where there are no networks. */
function names(marked: readonly SpacePoint[]): string[] {
  return marked.map(({ stages, parameters }, i) => {
    const text = `${i + 1}  ${stages} (${(parameters / 1e6).toFixed(0)}M)`;
    return `<text x="520" y="${400 + 19 * i}">${text}</text>`;
  });
}
