import { fitLine, median, quantile, spearman } from 'nanosd';
import { sets } from './sets.js';
import { measures, type Measured, type Study } from './study.js';

/** The tables of a study, as Markdown. */
export function describeStudy(study: Study): string {
  const { networks, device } = study;
  const set = sets.get(study.set);
  const latencies = networks.map((network) => network.median);
  const [fastest, slowest] = [0, 1].map((share) => quantile(latencies, share).toFixed(1));
  const spread = median(networks.map(({ q1, median: middle, q3 }) => (q3 - q1) / middle));
  const rows = [
    ...measures,
    { key: 'peakBytes', label: 'bytes alive at once', unit: 1e6 } as const,
  ].map(({ key, label }) => `| ${label.replace(/ \(.*/, '')} | ${spearmanOf(networks, key)} |`);
  return [
    `\n### ${set?.title ?? study.set}\n`,
    `${networks.length} networks, ${fastest} to ${slowest} ms; ${device.processor}, ${device.threads} threads, ` +
      `${device.runtime} ${device.runtime_version}; quartiles of a network ${(100 * spread).toFixed(1)} % apart\n`,
    '| latency against | Spearman |',
    '| --- | ---: |',
    ...rows,
    ...describeSum(study),
    ...describeParts(study),
  ].join('\n');
}

function spearmanOf(
  networks: readonly Measured[],
  key: (typeof measures)[number]['key'] | 'peakBytes',
): string {
  const coefficient = spearman(
    networks.map((network) => network[key]),
    networks.map((network) => network.median),
  );
  return coefficient.toFixed(3);
}

/** How well the sum of its parts tells a network's time. */
function describeSum({ networks, parts }: Study): string[] {
  const times = new Map(parts.map((part) => [part.name, part.median]));
  const stages = ['E1', 'E2', 'E3', 'D3', 'D2', 'D1'];
  const names = networks.map(({ name }) => [
    ...name.split(' ').map((option, i) => `${stages[i]} ${option}`),
    ...['conv_in+time -', 'out -'],
  ]);
  if (names.flat().some((name) => !times.has(name))) return [];
  const sums = names.map((all) => all.reduce((sum, name) => sum + (times.get(name) ?? 0), 0));
  const measured = networks.map((network) => network.median);
  const offset = median(measured.map((ms, i) => ms - sums[i]));
  const error = (predicted: readonly number[]): string =>
    median(predicted.map((ms, i) => (100 * Math.abs(ms - measured[i])) / measured[i])).toFixed(1);
  return [
    `| sum of its parts | ${spearman(sums, measured).toFixed(3)} |`,
    `\nThe sum of parts is off by ${error(sums)} % in the median, with ${offset.toFixed(2)} ms added by ` +
      `${error(sums.map((sum) => sum + offset))} %.`,
  ];
}

/** The options whose time a line through all networks' MACs tells worst. */
function describeParts({ networks, parts }: Study): string[] {
  if (parts.length < 2) return [];
  const { slope } = fitLine(
    networks.map(({ macs }) => macs),
    networks.map((network) => network.median),
  );
  const rows = parts
    .filter(({ name }) => !name.endsWith(' -'))
    .map((part) => ({ ...part, residual: part.median - slope * part.macs }))
    .sort((a, b) => Math.abs(b.residual) - Math.abs(a.residual))
    .slice(0, 10)
    .map(({ name, parameters, macs, activationBytes, median: ms, residual }) => {
      const cells = [
        parameters / 1e6,
        macs / 1e9,
        activationBytes / 1e6,
        ms,
        residual,
        (1e9 * ms) / macs,
      ];
      return `| ${name} | ${cells.map((cell) => cell.toFixed(2)).join(' | ')} |`;
    });
  return [
    `\nNetworks take ${(slope * 1e9).toFixed(2)} ms more for each GMAC more. Farthest from that:\n`,
    '| option | M parameters | GMAC | MB of activations | ms | residual ms | ms a GMAC |',
    '| --- | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...rows,
  ];
}
