import type { ModelDescription } from './modelDescription.js';
import { scoreNumber, type ValidationScore } from '../validation/validation.js';

/** Where a photograph that was trained on is from. */
export interface PhotoOrigin {
  /** A repository and commit, or whatever else can be asked for it. */
  readonly place: string;
  readonly licence: string;
  /** Its name there; several files that were trained on may be parts of one. */
  readonly photograph: string;
}

/** All that a model card says; every number is computed or read from the run. */
export interface ModelFacts {
  readonly name: string;
  readonly model: ModelDescription;
  readonly weightBytes: number;
  readonly precision: 'float16' | 'float32';
  /** Of the weights as they are stored. */
  readonly scores: Readonly<Record<string, ValidationScore>>;
  /** Against the teacher: a name, its number, the student's; empty where there was none. */
  readonly comparison: readonly (readonly string[])[];
  readonly training: {
    readonly steps: number;
    readonly hours: number;
    readonly samples: number;
    /** Mean over the last hundred steps; null where no log of them is left. */
    readonly loss: number | null;
    readonly command: string;
    /** The config, as YAML. */
    readonly config: string;
  };
  readonly origins: readonly PhotoOrigin[];
}

/** The README of a model: what it is, how good, and what it was made from. Formatted as Prettier would. */
export function modelCard(facts: ModelFacts): string {
  const sections = [
    frontMatter(facts.model),
    `# ${facts.name}`,
    ...summary(facts),
    '## Results',
    ...results(facts),
    ...comparison(facts),
    '## Training',
    ...training(facts),
    '## Data',
    ...data(facts.origins),
  ];
  return `${sections.join('\n\n')}\n`;
}

function frontMatter({ pipelineTag, baseModel }: ModelDescription): string {
  const base = baseModel === undefined ? [] : [`base_model: ${JSON.stringify(baseModel)}`];
  return ['---', 'license: apache-2.0', ...base, `pipeline_tag: ${pipelineTag}`, '---'].join('\n');
}

function summary({ model, weightBytes, precision }: ModelFacts): string[] {
  const size = `${(weightBytes / 1e6).toFixed(2)} MB`;
  return [
    model.summary,
    [
      `- ${thousands(model.parameters)} parameters, stored as ${precision} (${size})`,
      `- ${model.gmac.toFixed(2)} GMAC for ${model.input}`,
    ].join('\n'),
    fence('sh', model.usage),
  ];
}

function results({ model, scores }: ModelFacts): string[] {
  const rows = Object.entries(scores).map(([set, score]) => [
    set,
    String(score.images),
    scoreNumber(score),
  ]);
  if (rows.length === 0) return ['Not measured.'];
  return [model.measured, table(['set', 'pictures', model.measure], rows)];
}

function comparison({ comparison: rows }: ModelFacts): string[] {
  if (rows.length === 0) return [];
  return ['## Against the teacher', table(['', 'teacher', 'this model'], rows)];
}

function training({ training: run }: ModelFacts): string[] {
  const facts = [
    `- ${thousands(run.steps)} updates on ${thousands(run.samples)} crops, ${run.hours.toFixed(1)} hours`,
    ...(run.loss === null
      ? []
      : [`- loss ${run.loss.toPrecision(4)} (mean of the last 100 updates)`]),
    '- the weights are the exponential moving average of those trained',
  ];
  return [fence('sh', run.command), facts.join('\n'), fence('yaml', run.config.trim())];
}

function data(origins: readonly PhotoOrigin[]): string[] {
  const groups = new Map<string, PhotoOrigin[]>();
  for (const origin of origins) {
    const key = `${origin.place}\n${origin.licence}`;
    groups.set(key, [...(groups.get(key) ?? []), origin]);
  }
  const sorted = [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
  const rows = sorted.map((group) => [
    group[0].place,
    group[0].licence,
    String(photographsOf(group).length),
    String(group.length),
  ]);
  const lists = sorted.map((group) => {
    const names = photographsOf(group).map((name) => `- \`${name.replaceAll('`', "'")}\``);
    return [`### ${group[0].place} (${group[0].licence})`, names.join('\n')].join('\n\n');
  });
  const total = `${origins.length} files, parts of ${photographsOf(origins).length} photographs.`;
  return [total, table(['source', 'licence', 'photographs', 'files'], rows), ...lists];
}

function photographsOf(origins: readonly PhotoOrigin[]): string[] {
  return [...new Set(origins.map(({ photograph }) => photograph))].sort();
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = head.map((_, i) => Math.max(3, ...cells.map((row) => row[i].length)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`;
  const rule = line(widths.map((width) => '-'.repeat(width)));
  return [line(cells[0]), rule, ...cells.slice(1).map(line)].join('\n');
}

function fence(language: string, text: string): string {
  return `\`\`\`${language}\n${text}\n\`\`\``;
}

function thousands(value: number): string {
  return value.toLocaleString('en-US');
}
