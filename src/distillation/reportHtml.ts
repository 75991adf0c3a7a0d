import { stageNames, stageOptions, teacherStages, type StageName } from '../surgery/index.js';
import type { RunIdentity } from '../training/index.js';
import { surrogateName } from './surrogate.js';
import type { SurrogateReport } from './surrogateReport.js';

/**
 * A page that shows how well surrogates stand for their teacher: the relative error of each before and after
 * training, and its loss curve. Everything is in it: it is to be opened from a disk, years later.
 */
export function distillationReportHtml(
  identity: RunIdentity,
  reports: readonly SurrogateReport[],
): string {
  const sections = stageNames.map((stage) => stageSection(stage, reports));
  const facts = Object.entries(identity).map(
    ([key, value]) => `<dt>${escaped(key)}</dt><dd>${escaped(spelled(value))}</dd>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Surrogates</title>
<style>${style}</style>
</head>
<body>
<h1>Surrogates</h1>
<p>${reports.length} blocks, each trained alone to give what its teacher's stage gives on the teacher's own
features. The relative error is &#8214;B&#8242;(F) &#8722; B(F)&#8214;&#178; / &#8214;B(F)&#8214;&#178; on photographs that were not trained on; the teacher's own
option of a stage has 0. <span class="before">Before</span> is with the weights that training begins with,
<span class="after">after</span> with the averaged weights at its end.</p>
${sections.join('\n')}
<h2>What they follow from</h2>
<dl>${facts.join('')}</dl>
</body>
</html>
`;
}

const style = `
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 62rem; padding: 0 1rem; color: #222; background: #fff }
table { border-collapse: collapse; width: 100% } th, td { padding: .3rem .6rem; text-align: right; border-bottom: 1px solid #ddd }
th:first-child, td:first-child { text-align: left } svg { display: block; max-width: 100% }
dt { float: left; clear: left; min-width: 14rem; color: #666 } dd { margin: 0 0 0 14rem; overflow-wrap: anywhere }
.before { color: #9a5b00 } .after { color: #00609c } svg text { font: 11px system-ui, sans-serif; fill: currentColor }
@media (prefers-color-scheme: dark) { body { background: #161616; color: #ddd } th, td { border-color: #444 } dt { color: #999 }
.before { color: #e0a040 } .after { color: #5ab0e8 } }`;

function stageSection(stage: StageName, reports: readonly SurrogateReport[]): string {
  const own = reports.filter((report) => report.stage === stage);
  const all = stageOptions[stage].length - 1;
  const title = `<h2>${stage} <small>${own.length} of ${all}, for ${teacherStages[stage]}</small></h2>`;
  return own.length === 0 ? title : `${title}\n${stageTable(own)}`;
}

function stageTable(reports: readonly SurrogateReport[]): string {
  const worst = Math.max(
    ...reports.flatMap(({ relativeError: { before, after } }) => [before.all, after.all]),
  );
  const rows = reports.map((report) => {
    const { relativeError, parameters, macs, seconds, steps } = report;
    const { before, after } = relativeError;
    const cells = [
      surrogateName(report),
      parameters.toLocaleString('en'),
      (macs / 1e6).toFixed(1),
      `<span class="before">${before.all.toPrecision(3)}</span>`,
      `<span class="after">${after.all.toPrecision(3)}</span>`,
      errorBars(before.all / worst, after.all / worst),
      curve(report),
      `${steps}`,
      seconds.toFixed(1),
    ];
    return `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
  });
  const heads = [
    'surrogate',
    'parameters',
    'MMAC',
    'before',
    'after',
    'relative error',
    'loss',
    'steps',
    'seconds',
  ];
  const head = heads.map((name) => `<th>${name}</th>`).join('');
  return `<table><thead><tr>${head}</tr></thead><tbody>${rows.join('\n')}</tbody></table>`;
}

/** Two bars, as shares of the longest. */
function errorBars(before: number, after: number): string {
  const bar = (kind: string, share: number, y: number): string => {
    const width = Math.max(1, share * 120).toFixed(1);
    return `<rect class="${kind}" fill="currentColor" x="0" y="${y}" width="${width}" height="8"/>`;
  };
  return `<svg width="120" height="20" role="img" aria-label="relative error before and after">${bar('before', before, 1)}${bar('after', after, 11)}</svg>`;
}

const [chartWidth, chartHeight] = [180, 44];

/** The loss on a logarithmic scale. */
function curve({ lossCurve }: SurrogateReport): string {
  const points = lossCurve.filter(([, loss]) => loss > 0);
  if (points.length === 0) return '';
  const logs = points.map(([, loss]) => Math.log(loss));
  const [low, high] = [Math.min(...logs), Math.max(...logs)];
  const last = points[points.length - 1];
  const place = ([step]: readonly [number, number], i: number): string => {
    const x = (step / last[0]) * (chartWidth - 2) + 1;
    const y = (1 - (logs[i] - low) / (high - low || 1)) * (chartHeight - 2) + 1;
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  };
  const label = `loss from ${points[0][1].toPrecision(3)} to ${last[1].toPrecision(3)}`;
  const line = `<polyline fill="none" stroke="currentColor" stroke-width="1.5" points="${points.map(place).join(' ')}"/>`;
  return `<svg class="after" width="${chartWidth}" height="${chartHeight}" role="img" aria-label="${label}"><title>${label}</title>${line}</svg>`;
}

const spelled = (value: unknown): string =>
  typeof value === 'string' ? value : (JSON.stringify(value) ?? '');

function escaped(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
  };
  return text.replace(/[&<>"]/g, (character) => entities[character] ?? character);
}
