/** What a run reached on held-out pictures as it went. */
export interface LearningCurve {
  readonly name: string;
  /** In ascending order of steps. */
  readonly points: readonly { readonly step: number; readonly score: number }[];
}

/** A table in columns: the steps that all curves have, and the score of each curve. */
export function curveTable(curves: readonly LearningCurve[]): string[][] {
  const scores = curves.map(
    ({ points }) => new Map(points.map(({ step, score }) => [step, score])),
  );
  const steps = [...(scores[0]?.keys() ?? [])].filter((step) =>
    scores.every((curve) => curve.has(step)),
  );
  const rows = steps.map((step) => [
    String(step),
    ...scores.map((curve) => curve.get(step)?.toPrecision(4) ?? ''),
  ]);
  return [['step', ...curves.map(({ name }) => name)], ...rows];
}

/** Colours that people with any colour vision tell apart (Okabe and Ito 2008). */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000'];
const WIDTH = 640;
const HEIGHT = 400;
const LEFT = 72;
const RIGHT = 16;
const TOP = 16;
const BOTTOM = 48;

/** Curves as an SVG: steps to the right, scores upwards on a logarithmic scale. */
export function curveSvg(curves: readonly LearningCurve[], label: string): string {
  const points = curves.flatMap((curve) => curve.points).filter(({ score }) => score > 0);
  const lastStep = Math.max(1, ...points.map(({ step }) => step));
  const logs = points.map(({ score }) => Math.log10(score));
  const [low, high] = [Math.min(...logs) - 0.02, Math.max(...logs) + 0.02];
  const x = (step: number): number => LEFT + (step / lastStep) * (WIDTH - LEFT - RIGHT);
  const y = (score: number): number =>
    TOP + ((high - Math.log10(score)) / (high - low)) * (HEIGHT - TOP - BOTTOM);
  const ticks = [0, 0.25, 0.5, 0.75, 1];
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    ...ticks.map((share) => {
      const score = 10 ** (low + share * (high - low));
      const at = round(y(score));
      return (
        `<path d="M${LEFT} ${at}H${WIDTH - RIGHT}" stroke="#ddd"/>` +
        `<text x="${LEFT - 6}" y="${at + 4}" text-anchor="end">${score.toPrecision(3)}</text>`
      );
    }),
    ...ticks.map((share) => {
      const step = Math.round(share * lastStep);
      return `<text x="${round(x(step))}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${step}</text>`;
    }),
    `<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 10}" text-anchor="middle">step</text>`,
    `<text transform="translate(14 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" text-anchor="middle">${escaped(label)}</text>`,
    ...curves.map((curve, i) => {
      const drawn = curve.points.filter(({ score }) => score > 0);
      const path = drawn.map(({ step, score }) => `${round(x(step))} ${round(y(score))}`).join('L');
      const colour = COLOURS[i % COLOURS.length];
      const line = TOP + 14 + 18 * i;
      return (
        `<path d="M${path}" fill="none" stroke="${colour}" stroke-width="2"/>` +
        `<path d="M${WIDTH - 190} ${line - 4}h20" stroke="${colour}" stroke-width="3"/>` +
        `<text x="${WIDTH - 164}" y="${line}">${escaped(curve.name)}</text>`
      );
    }),
    '</svg>',
  ];
  return `${lines.join('\n')}\n`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
