// Every command of a checkout runs this first, so it loads and asks for as little as it can.
import { readFileSync, statSync } from 'node:fs';

const root = new URL('../', import.meta.url);

/** Compiles the checkout if anything it is compiled from is newer than `dist/`. */
export async function compileIfStale() {
  if (isStale()) await (await import('./compile.js')).compile();
}

/**
 * Whether a source has changed since `dist/.stamp` was dated. The stamp lists the sources and their folders: a folder
 * is dated to when something was last added to it, removed or renamed, so nothing needs to be looked for.
 */
export function isStale() {
  const stamp = new URL('dist/.stamp', root);
  const built = modified(stamp);
  if (built === undefined) return true;
  const sources = readFileSync(stamp, 'utf8').split('\n');
  return sources.some((path) => !(modified(new URL(path, root)) <= built));
}

function modified(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}
