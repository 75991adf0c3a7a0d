import { describe, expect, it } from 'vitest';
import type { FamilyReport } from './familyReport.js';
import { familyReportHtml } from './reportHtml.js';
import { linearTicks, logTicks, plotSvg, shortNumber } from './reportPlot.js';

const student = {
  ...{ stages: 'R RA R RR R R', parameters: 2_500_000, macs: 1.5e8, latencyMs: 2.25 },
  ...{ taFD: 0.125, latentDistance: 0.05, featureDistance: 0.2 },
};
const report: FamilyReport = {
  format: 'nanosd-family-report',
  version: 1,
  title: 'The family of <sd-mini>',
  teacher: { name: 'sd-mini', parameters: 12e6, macs: 4e8, samples: ['samples/teacher-0.webp'] },
  device: { name: 'cpu' },
  quality: { samples: 96, steps: 10, seed: 0, features: 'vae', prompts: ['street'], floor: 0.03 },
  searches: [
    { objective: 'latency', strategy: 'bayesian', evaluations: [student], hypervolume: [0.5] },
  ],
  points: [
    {
      ...{ name: 'nanosd-prime', rule: 'the smallest taFD', stages: student.stages },
      ...{ parameters: student.parameters, macs: student.macs },
      latencyMs: { predicted: 2.25 },
      taFD: { assembled: 0.125 },
      latentDistance: { assembled: 0.05 },
      samples: { assembled: ['samples/nanosd-prime-0.webp'] },
    },
  ],
};
const page = familyReportHtml(report, (path) => `data:image/webp;base64,${path.length}`);

describe('familyReportHtml', () => {
  it('holds everything itself', () => {
    const addresses = [...page.matchAll(/(?:src|href|url)\s*[=(]\s*"?([^"')> ]*)/g)];
    expect(addresses.length).toBeGreaterThan(0);
    for (const [, address] of addresses) expect(address).toMatch(/^data:image\//);
    expect(page).not.toMatch(/<script|<link|@import|https?:/);
  });

  it('shows the points, their stages, and pictures of the same seed', () => {
    expect(page).toContain('<h3>nanosd-prime</h3>');
    expect(page).toContain('aria-label="R RA R RR R R"');
    expect(page).toContain('2,500,000');
    expect(page).toContain('alt="teacher, street, seed 0"');
    expect(page).toContain('alt="nanosd-prime, street, seed 0"');
    expect(page).toContain('The family of &lt;sd-mini&gt;');
    expect(page).not.toContain('Alignment');
  });

  it('shows what alignment has made of them, and how', () => {
    const [point] = report.points;
    const aligned: FamilyReport = {
      ...report,
      points: [
        {
          ...point,
          latencyMs: { predicted: 2.25, measured: 2.5 },
          taFD: { assembled: 0.125, aligned: 0.0625 },
          latentDistance: { assembled: 0.05, aligned: 0.01 },
          curves: [
            {
              name: 'taFD: distilled',
              points: [
                [0, 0.125],
                [100, 0.0625],
              ],
            },
            {
              name: 'taFD: random',
              points: [
                [0, 2],
                [100, 0.5],
              ],
            },
            {
              name: 'distilled',
              points: [
                [0, 0.2],
                [100, 0.1],
              ],
            },
          ],
        },
      ],
    };
    const after = familyReportHtml(aligned, () => 'data:image/webp;base64,');
    expect(after).toContain('0.0625 <small class="was">was 0.125</small>');
    expect(after).toContain('<h3>nanosd-prime: taFD</h3>');
    expect(after).toContain('measured ms');
    expect(after).toContain('>distilled</text>');
    expect(after).toContain('<h3>nanosd-prime: held-out loss</h3>');
  });

  it('does without searches, pictures and devices', () => {
    const { format, version, title, teacher, quality } = report;
    const rest = { format, version, title, teacher, quality };
    const bare = familyReportHtml({ ...rest, searches: [], points: [] }, () => '');
    expect(bare).toContain('</html>');
    expect(bare).not.toContain('<svg');
  });
});

describe('plots', () => {
  it('have ticks at round numbers', () => {
    expect(logTicks(0.09, 3)).toEqual([0.1, 0.2, 0.5, 1, 2]);
    expect(logTicks(2.1e6, 4.2e6)).toEqual([2.5e6, 3e6, 4e6]);
    expect(logTicks(0.001, 1000)).toEqual([0.001, 0.01, 0.1, 1, 10, 100, 1000]);
    expect(linearTicks(0, 60)).toEqual([0, 20, 40, 60]);
  });

  it('place points on logarithmic axes, equal ratios equally far apart', () => {
    const svg = plotSvg({
      description: 'three points',
      x: { label: 'x', scale: 'log' },
      y: { label: 'y', scale: 'linear' },
      series: [
        {
          kind: 'dots',
          className: 'named',
          points: [1, 10, 100].map((x, y) => ({ x, y, label: `p${y}` })),
        },
      ],
    });
    const xs = [...svg.matchAll(/cx="([\d.]+)"/g)].map(([, x]) => Number(x));
    expect(xs[2] - xs[1]).toBeCloseTo(xs[1] - xs[0], 0);
    expect(svg).toContain('>p2</text>');
    expect(svg).not.toContain('NaN');
  });

  it('shorten numbers', () => {
    expect([0.0123, 999, 12_345, 2_500_000, 4e9].map(shortNumber)).toEqual([
      '0.0123',
      '999',
      '12.3k',
      '2.5M',
      '4G',
    ]);
  });
});
