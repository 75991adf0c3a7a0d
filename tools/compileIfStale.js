// Every command of a checkout runs this first, so it loads and asks for as little as it can.
import { readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

// As a string: making hundreds of paths from URLs takes as long as asking the system about them.
const root = fileURLToPath(new URL('../', import.meta.url));

/** Compiles the checkout if anything it is compiled from is newer than `dist/`. */
export async function compileIfStale() {
  if (isStale()) await (await import('./compile.js')).compile();
}

/**
 * Whether a source has changed since `dist/.stamp` was dated. The stamp lists the sources and their folders: a folder
 * is dated to when something was last added to it, removed or renamed, so nothing needs to be looked for.
 */
export function isStale() {
  const stamp = `${root}dist/.stamp`;
  const built = modified(stamp);
  if (built === undefined) return true;
  const sources = readFileSync(stamp, 'utf8').split('\n');
  return sources.some((path) => !(modified(root + path) <= built));
}

function modified(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}
