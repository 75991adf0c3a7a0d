import { stageNames } from '../../surgery/index.js';
import type { FamilyPoint, FamilyReport } from './familyReport.js';
import { curvePlots, frontPlot, hypervolumePlot } from './familyPlots.js';
import { escapeHtml, shortNumber } from './reportPlot.js';
import { reportStyle } from './reportStyle.js';

/**
 * The page of a family: its points, fronts, search, pictures and figures. Everything is in it, so that it opens from a
 * disk.
 * @param pictureUrl the `data:` URL of a picture of the report, by its path.
 */
export function familyReportHtml(
  report: FamilyReport,
  pictureUrl: (path: string) => string,
): string {
  const { title, points } = report;
  const parts = [
    headSection(report),
    section(
      'Operating points',
      legend,
      `<div class="grid">${points.map(pointCard).join('')}</div>`,
    ),
    plotsSection(report),
    samplesSection(report, pictureUrl),
    alignmentSection(report),
    tableSection(report),
    factsSection(report),
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${reportStyle}</style>
</head>
<body>
${parts.filter((part) => part !== '').join('\n')}
</body>
</html>
`;
}

function section(title: string, note: string, content: string): string {
  return content === '' ? '' : `<section><h2>${title}</h2>${note}${content}</section>`;
}

const note = (text: string): string => `<p class="note">${text}</p>`;

function headSection({ title, teacher, searches, points }: FamilyReport): string {
  const networks = new Set(searches.flatMap((one) => one.evaluations.map(({ stages }) => stages)));
  const searched =
    networks.size === 0
      ? ''
      : ` ${networks.size} students out of 32,768 were assembled and measured; ${points.length} have a name.`;
  return (
    `<header><h1>${escapeHtml(title)}</h1><p class="soft">Students of ${escapeHtml(teacher.name)}, a U-Net of ` +
    `${shortNumber(teacher.parameters)} parameters and ${shortNumber(teacher.macs)} multiplications a step.${searched}</p></header>`
  );
}

const legend =
  '<ul class="legend" aria-hidden="true"><li><i></i>R: resnet</li><li><i class="accent"></i>A: transformer</li></ul><p></p>';

function pointCard(point: FamilyPoint): string {
  const { name, rule, stages, parameters, macs } = point;
  const figures = [
    figure('latency', latencyText(point), 'ms'),
    figure('parameters', shortNumber(parameters)),
    figure('MACs', shortNumber(macs)),
    figure('taFD', changeText(point.taFD)),
  ];
  return (
    `<article class="card"><h3>${escapeHtml(name)}</h3><dl class="figures">${figures.join('')}</dl>` +
    `${stagesDiagram(stages)}<p class="note" style="margin:0">${escapeHtml(capitalised(rule))}.</p></article>`
  );
}

function figure(name: string, value: string, unit = ''): string {
  return `<div><dt>${name}</dt><dd>${value}${unit === '' ? '' : ` <small>${unit}</small>`}</dd></div>`;
}

function latencyText({ latencyMs: { measured, predicted } }: FamilyPoint): string {
  return digits(measured ?? predicted);
}

/** What alignment has made of a number. */
function changeText({ assembled, aligned }: FamilyPoint['taFD']): string {
  if (aligned === undefined) return digits(assembled);
  if (assembled === undefined) return digits(aligned);
  return `${digits(aligned)} <small class="was">was ${digits(assembled)}</small>`;
}

function stagesDiagram(stages: string): string {
  const groups = stages.split(' ').map((text, i) => {
    const blocks = [...text].map((kind) => (kind === 'A' ? '<i class="a"></i>' : '<i></i>'));
    return `<span class="stage"><span>${stageNames[i] ?? ''}</span>${blocks.join('')}</span>`;
  });
  return `<div class="stages" role="img" aria-label="${escapeHtml(stages)}" title="${escapeHtml(stages)}">${groups.join('')}</div>`;
}

function plotsSection(report: FamilyReport): string {
  const { searches } = report;
  if (searches.length === 0) return '';
  const cards = [
    ...(['latency', 'parameters'] as const).map((objective) => frontPlot(report, objective)),
    hypervolumePlot(report),
  ].filter(({ svg }) => svg !== '');
  const content = cards.map(
    ({ title, svg }) => `<figure class="card" style="margin:0"><h3>${title}</h3>${svg}</figure>`,
  );
  return section(
    'Search',
    note(
      'Each dot is a student; lower and further left is better. The line is the Pareto front. Both axes are logarithmic.',
    ),
    `<div class="grid">${content.join('')}</div>`,
  );
}

function samplesSection(
  { teacher, points, quality }: FamilyReport,
  pictureUrl: (path: string) => string,
): string {
  const row = (name: string, detail: string, paths: readonly string[] | undefined): string => {
    if (!paths || paths.length === 0) return '';
    const cells = paths.map((path, i) => {
      const prompt = quality.prompts[i % quality.prompts.length] ?? '';
      const alt = escapeHtml(`${name}, ${prompt}, seed ${quality.seed + i}`);
      return `<td><img src="${pictureUrl(path)}" alt="${alt}" title="${alt}"></td>`;
    });
    return `<tr><th scope="row">${escapeHtml(name)}<small>${escapeHtml(detail)}</small></th>${cells.join('')}</tr>`;
  };
  const rows = [
    row('teacher', teacher.name, teacher.samples),
    ...points.flatMap(({ name, stages, samples }) => [
      row(name, samples?.aligned ? 'assembled' : stages, samples?.assembled),
      row(name, 'aligned', samples?.aligned),
    ]),
  ].join('');
  return section(
    'Samples',
    note(
      'Each column has the same prompt and starts from the same noise: a student that has kept the teacher&#8217;s latent space makes the teacher&#8217;s picture.',
    ),
    rows === '' ? '' : `<div class="scroll"><table class="samples">${rows}</table></div>`,
  );
}

function alignmentSection({ points }: FamilyReport): string {
  const cards = points.flatMap(({ name, curves = [] }) =>
    curvePlots(name, curves).map(
      ({ title, svg }) => `<figure class="card" style="margin:0"><h3>${title}</h3>${svg}</figure>`,
    ),
  );
  return section(
    'Alignment',
    '<p></p>',
    cards.length === 0 ? '' : `<div class="grid">${cards.join('')}</div>`,
  );
}

function tableSection({ teacher, points }: FamilyReport): string {
  const isAligned = points.some(({ taFD }) => taFD.aligned !== undefined);
  const isMeasured = points.some(({ latencyMs }) => latencyMs.measured !== undefined);
  const heads = [
    'parameters',
    'MACs',
    'predicted ms',
    ...(isMeasured ? ['measured ms'] : []),
    'taFD',
    'latent distance',
    ...(isAligned ? ['taFD aligned', 'latent d. aligned'] : []),
  ];
  const rows = points.map((point) => {
    const cells = [
      point.parameters.toLocaleString('en'),
      shortNumber(point.macs),
      digits(point.latencyMs.predicted),
      ...(isMeasured ? [digits(point.latencyMs.measured)] : []),
      digits(point.taFD.assembled),
      digits(point.latentDistance.assembled),
      ...(isAligned ? [digits(point.taFD.aligned), digits(point.latentDistance.aligned)] : []),
    ];
    return tableRow(point.name, point.stages, cells);
  });
  const measured = teacher.latencyMs?.measured;
  const teacherCells = heads.map((head) => {
    if (head === 'parameters') return teacher.parameters.toLocaleString('en');
    if (head === 'MACs') return shortNumber(teacher.macs);
    if (head === 'measured ms') return digits(measured);
    return head === 'taFD' || head === 'latent distance' ? '0' : '–';
  });
  rows.push(tableRow('teacher', '–', teacherCells));
  const head = heads.map((name) => `<th scope="col">${name}</th>`).join('');
  return section(
    'Figures',
    '<p></p>',
    `<div class="scroll"><table><thead><tr><th scope="col">name</th><th scope="col" class="text">stages (E1 E2 E3 D3 D2 D1)</th>${head}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`,
  );
}

function tableRow(name: string, stages: string, cells: readonly string[]): string {
  const numbers = cells.map((cell) => `<td>${cell}</td>`).join('');
  return `<tr><td>${escapeHtml(name)}</td><td class="text"><code>${escapeHtml(stages)}</code></td>${numbers}</tr>`;
}

function factsSection({ quality, device, searches }: FamilyReport): string {
  const facts: [string, string][] = [
    [
      'taFD',
      'Fréchet distance of features of the student’s and of the teacher’s samples, from the same prompts and seeds',
    ],
    ['features', quality.features],
    [
      'samples',
      `${quality.samples} of ${quality.steps} DDIM steps without guidance, seeds from ${quality.seed}`,
    ],
    ['the teacher from itself', `taFD ${digits(quality.floor)}, with other seeds`],
    [
      'latent distance',
      'mean squared difference of latents of the same seed; 1 for unrelated ones',
    ],
    ['prompts', quality.prompts.join(' · ')],
    ...searches.map(({ objective, strategy, evaluations }): [string, string] => [
      `search for ${objective}`,
      `${strategy}, ${evaluations.length} evaluations`,
    ]),
    ...Object.entries(device ?? {}).map(([key, value]): [string, string] => [
      `device: ${key.replaceAll('_', ' ')}`,
      String(value),
    ]),
  ];
  const list = facts.map(
    ([key, value]) => `<dt>${escapeHtml(key)}</dt><dd>${escapeHtml(value)}</dd>`,
  );
  return section('How it was measured', '', `<dl class="facts">${list.join('')}</dl>`);
}

/** Three significant digits; a dash for what is not known. */
export function digits(value: number | undefined): string {
  if (value === undefined) return '–';
  if (value === 0) return '0';
  return Math.abs(value) >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
