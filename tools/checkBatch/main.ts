// npm run check:batch: 300 files, 12 of them bad, restored by a command that is killed five times and run again. The folder of
// results is watched all the time: whatever has its name must be all of it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Random } from 'nanosd';
import { openRestorer, photoFormatOf } from 'nanosd/node';
import { writeBadFiles, writePhotos } from '../../test/cli/photoFolder.js';
import { watchResults } from './watchResults.js';

const PHOTOS = 300;
const BAD = 12;
const KILLS = 5;
const model = 'sr-x4';
const bin = fileURLToPath(new URL('../../bin/nanosd.js', import.meta.url));
const random = Random.seeded(Number(process.argv[2] ?? 5));
const problems: string[] = [];
const expect = (holds: boolean, what: string): void => {
  if (!holds) problems.push(what);
};

interface Report {
  readonly restored: number;
  readonly skipped: number;
  readonly failed: number;
  readonly files: readonly { input: string; output: string; status: string; reason?: string }[];
}

const folder = await mkdtemp(join(tmpdir(), 'nanosd-batch-'));
const [photos, results] = [join(folder, 'photos'), join(folder, 'out')];
try {
  await writePhotos(photos, PHOTOS - BAD);
  const bad = await writeBadFiles(photos);
  const watch = watchResults(results);
  const start = performance.now();
  for (let kill = 0; kill < KILLS; kill++) {
    const before = watch.count();
    const child = startRestore();
    // After as many results as chance has it, and then at any moment of the next photo.
    const enough = before + 1 + Math.floor(random.uniform() * 60);
    while (child.exitCode === null && watch.count() < enough) await delay(2);
    await delay(random.uniform() * 100);
    child.kill('SIGKILL');
    await once(child, 'close');
    console.log(`killed with ${watch.count()} results there`);
  }
  const last = startRestore();
  await once(last, 'close');
  const seconds = (performance.now() - start) / 1000;
  expect(last.exitCode === 3, `exit code 3, got ${last.exitCode}`);
  const { partial, looks } = await watch.stop();
  expect(partial.length === 0, `no partial file under a final name, got ${partial.join(', ')}`);
  console.log(`${looks} looks at results as they appeared, ${partial.length} of partial files`);

  const text = await readFile(join(results, 'nanosd-report.json'), 'utf8');
  const report = JSON.parse(text) as Report;
  const done = report.files.filter(({ status }) => status !== 'failed');
  const failed = report.files.filter(({ status }) => status === 'failed');
  expect(done.length === PHOTOS - BAD, `${PHOTOS - BAD} results, got ${done.length}`);
  expect(failed.length === BAD, `${BAD} failures, got ${failed.length}`);
  for (const { input, reason = '' } of failed) {
    const expected = bad.get(relative(photos, input));
    expect(expected?.test(reason) ?? false, `a clear reason for ${input}, got ${reason}`);
    console.log(`  ${relative(photos, input)}: ${reason}`);
  }
  console.log(`${await compareResults(done)} results are those of an undisturbed run`);
  const names = await readdir(results, { recursive: true });
  const stray = names.filter((name) => /(^|\/)\./.test(name));
  expect(stray.length === 0, `nothing left behind, got ${stray.join(', ')}`);
  const { restored, skipped } = report;
  console.log(`${seconds.toFixed(1)} s in all; last run: ${restored} restored, ${skipped} skipped`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
if (problems.length > 0) {
  console.error(`expected:\n${problems.map((problem) => `- ${problem}`).join('\n')}`);
  process.exitCode = 1;
} else console.log('all as it should be');

function startRestore() {
  const args = ['restore', photos, '-o', results, '-r', '-j', '2', '-m', model];
  return spawn(process.execPath, [bin, ...args], { stdio: 'ignore' });
}

/** How many results are, byte for byte, what an undisturbed run makes. */
async function compareResults(files: Report['files']): Promise<number> {
  await using restorer = await openRestorer({ model });
  let same = 0;
  for (const { input, output } of files) {
    const { bytes } = await restorer.restoreBytes(input, photoFormatOf(output).name);
    const isSame = Buffer.from(bytes).equals(await readFile(output));
    expect(isSame, `${output}: the result of an undisturbed run`);
    if (isSame) same++;
  }
  return same;
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
