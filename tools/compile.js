// Compiles src/ and cli/ to dist/. Plain JavaScript: it runs before anything is compiled.
import { spawnSync } from 'node:child_process';
import {
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const dist = join(root, 'dist');
const stamp = '.stamp';

/** Compiles the checkout into `dist/`; throws with the compiler's own words where it cannot. */
export function compile() {
  // Processes started together may all compile: each works aside and renames its result in.
  const staging = mkdtempSync(join(root, 'dist-'));
  try {
    const fresh = join(staging, 'new');
    compileInto(fresh);
    replaceDist(fresh, join(staging, 'old'));
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

/** Compiles the checkout if anything it is compiled from is newer than `dist/`. */
export function compileIfStale() {
  if (isStale()) compile();
}

function compileInto(directory) {
  const started = new Date();
  const args = [compiler(), '-p', 'tsconfig.build.json', '--outDir', directory];
  const { status, stdout } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`the sources do not compile\n${stdout}`.trimEnd());
  // Dated to the start, so that a source saved meanwhile counts as newer.
  writeFileSync(join(directory, stamp), '');
  utimesSync(join(directory, stamp), started, started);
}

function compiler() {
  try {
    return createRequire(import.meta.url).resolve('typescript/bin/tsc');
  } catch {
    throw new Error('the compiler is not installed; run `npm ci` in the checkout first');
  }
}

function replaceDist(fresh, old) {
  try {
    if (modified(dist) !== undefined) {
      // Built from other sources, by buildApp.js.
      for (const name of ['app', '.app-stamp']) {
        if (modified(join(dist, name))) renameSync(join(dist, name), join(fresh, name));
      }
      renameSync(dist, old);
    }
    renameSync(fresh, dist);
  } catch (error) {
    // Another process was faster; its result is as good as ours.
    if (isStale()) throw error;
  }
}

function isStale() {
  const built = modified(join(dist, stamp));
  return built === undefined || sources().some((path) => (modified(path) ?? 0) > built);
}

/** Directories count too: a removed file leaves its trace only there. */
function sources() {
  const within = ['src', 'cli'].flatMap((top) => [
    top,
    ...readdirSync(join(root, top), { recursive: true }).map((path) => join(top, path)),
  ]);
  return ['tsconfig.json', 'tsconfig.build.json', ...within]
    .filter((path) => !path.endsWith('.test.ts'))
    .map((path) => join(root, path));
}

function modified(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}
