// Compiles src/ and cli/ to dist/. Plain JavaScript: it runs before anything is compiled.
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleCli } from './bundleCli.js';
import { isStale } from './compileIfStale.js';

const root = fileURLToPath(new URL('../', import.meta.url));
const dist = join(root, 'dist');

/** Compiles the checkout into `dist/`; throws with the compiler's own words where it cannot. */
export async function compile() {
  // Processes started together may all compile: each works aside and renames its result in.
  const staging = mkdtempSync(join(root, 'dist-'));
  try {
    const fresh = join(staging, 'new');
    await compileInto(fresh);
    replaceDist(fresh, join(staging, 'old'));
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

async function compileInto(directory) {
  const started = new Date();
  const listed = sources();
  const args = [compiler(), '-p', 'tsconfig.build.json', '--outDir', directory];
  const { status, stdout } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`the sources do not compile\n${stdout}`.trimEnd());
  await bundleCli(directory);
  const stamp = join(directory, '.stamp');
  writeFileSync(stamp, listed.join('\n'));
  // Dated to the start, so that a source saved meanwhile counts as newer.
  utimesSync(stamp, started, started);
}

function compiler() {
  try {
    return createRequire(import.meta.url).resolve('typescript/bin/tsc');
  } catch {
    throw new Error('the compiler is not installed; run `npm ci` in the checkout first');
  }
}

/** What the result depends on, with the folders, whose dates tell of files that come and go. */
function sources() {
  const within = ['src', 'cli'].flatMap((top) => [
    top,
    ...readdirSync(join(root, top), { recursive: true }).map((path) => join(top, path)),
  ]);
  const settings = ['tsconfig.json', 'tsconfig.build.json', 'package-lock.json'];
  const tools = ['tools/compile.js', 'tools/bundleCli.js'];
  return [...settings, ...tools, ...within]
    .filter((path) => !path.endsWith('.test.ts'))
    .map((path) => path.replaceAll('\\', '/'));
}

function replaceDist(fresh, old) {
  try {
    if (existsSync(dist)) {
      // Built from other sources, by buildApp.js.
      for (const name of ['app', '.app-stamp']) {
        if (existsSync(join(dist, name))) renameSync(join(dist, name), join(fresh, name));
      }
      renameSync(dist, old);
    }
    renameSync(fresh, dist);
  } catch (error) {
    // Another process was faster; its result is as good as ours.
    if (isStale()) throw error;
  }
}
