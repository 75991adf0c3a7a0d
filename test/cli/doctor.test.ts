import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import { nanosd } from './nanosd.js';

interface Report {
  readonly onnxruntime: string;
  readonly memory: { readonly total: number; readonly available: number };
  readonly devices: readonly {
    readonly device: string;
    readonly usable: boolean;
    readonly problem: string | null;
    readonly pixelsPerSecond: number | null;
  }[];
}

it('tests every device that the engine knows, and says of each whether it can be used', async () => {
  const { code, stdout, stderr } = await nanosd(tmpdir(), 'doctor', '--json');
  expect([code, stderr]).toEqual([0, '']);
  const report = JSON.parse(stdout) as Report;
  expect(report.onnxruntime).toMatch(/^\d+\.\d+/);
  expect(report.memory.available).toBeLessThanOrEqual(report.memory.total);
  expect(report.devices[0]).toMatchObject({ device: 'cpu', usable: true, problem: null });
  expect(report.devices[0].pixelsPerSecond).toBeGreaterThan(0);
  for (const { usable, problem } of report.devices) {
    expect(problem === null).toBe(usable);
    expect(problem ?? '').not.toMatch(/\n|onnxruntime_src/);
  }
}, 120_000);

it('names a model that is not there', async () => {
  const { code, stderr } = await nanosd(tmpdir(), 'doctor', '-m', 'absent');
  expect(code).toBe(2);
  expect(stderr).toMatch(/^nanosd: absent: expected a folder/);
});
