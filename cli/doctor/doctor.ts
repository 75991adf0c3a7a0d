import { availableParallelism, cpus, totalmem } from 'node:os';
import type { Command } from 'commander';
import type { SelfTest } from '../../src/index.js';
import { packageVersion } from '../packageVersion.js';
import { formatTable } from '../terminal/table.js';

interface DoctorFlags {
  readonly model: string;
  readonly json: boolean;
}

/** What this machine has, and what of it works. */
interface Diagnosis {
  readonly nanosd: string;
  readonly node: string;
  readonly onnxruntime: string;
  readonly platform: string;
  readonly processor: string;
  readonly threads: number;
  /** Bytes. */
  readonly memory: { readonly total: number; readonly available: number };
  readonly model: string;
  readonly devices: readonly DeviceReport[];
}

type DeviceReport = Omit<SelfTest, 'restored'> & { readonly usable: boolean };

export function defineDoctor(command: Command): void {
  command
    .option('-m, --model <model>', "the model to test with: a model's folder or name", 'sr-x4')
    .option('--json', 'print JSON instead of a table', false)
    .action(async ({ model, json }: DoctorFlags) => {
      const diagnosis = await diagnose(model);
      process.stdout.write(json ? `${JSON.stringify(diagnosis, null, 2)}\n` : describe(diagnosis));
    });
}

async function diagnose(model: string): Promise<Diagnosis> {
  const { availableMemory, onnxRuntimeVersion, openRestorerModel } =
    await import('../../src/node.js');
  const folder = await openRestorerModel(model);
  return {
    nanosd: packageVersion(),
    node: process.versions.node,
    onnxruntime: onnxRuntimeVersion(),
    platform: `${process.platform} ${process.arch}`,
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    threads: availableParallelism(),
    memory: { total: totalmem(), available: availableMemory() },
    model: folder.name,
    devices: await testDevices(model),
  };
}

async function testDevices(model: string): Promise<DeviceReport[]> {
  const { testNodeDevices } = await import('../../src/node.js');
  const results = await testNodeDevices(model);
  return results.map(({ device, problem, maxError, pixelsPerSecond }) => ({
    ...{ device, usable: problem === null, problem, maxError, pixelsPerSecond },
  }));
}

function describe(diagnosis: Diagnosis): string {
  const { devices, memory } = diagnosis;
  const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
  const facts = [
    ['nanosd', diagnosis.nanosd],
    ['Node', diagnosis.node],
    ['ONNX Runtime', diagnosis.onnxruntime],
    ['system', diagnosis.platform],
    ['processor', `${diagnosis.processor}, ${diagnosis.threads} threads`],
    ['memory', `${gigabytes(memory.available)} free of ${gigabytes(memory.total)}`],
  ];
  const lines = facts.map(([name, value]) => `${name.padEnd(14)}${value}\n`).join('');
  const header = ['device', 'works', 'differs from the CPU', 'megapixels/s'];
  const rows = devices.map(({ device, usable, maxError, pixelsPerSecond }) => [
    device,
    usable ? 'yes' : 'NO',
    maxError === null ? '-' : `${(maxError * 255).toFixed(3)} of 255`,
    pixelsPerSecond === null ? '-' : (pixelsPerSecond / 1e6).toFixed(2),
  ]);
  const problems = devices
    .filter(({ usable }) => !usable)
    .map(({ device, problem }) => `${device} cannot be used here: ${problem}\n`);
  const title = `\n${diagnosis.model} restoring a test picture of 64x64 pixels:\n`;
  return `${lines}${title}${formatTable([header, ...rows])}${problems.join('')}`;
}
