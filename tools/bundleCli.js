// Bundles the compiled command: Node takes about a millisecond for each module it loads, and there are hundreds.
import { readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { thirdPartyNotices } from './thirdPartyNotices.js';

/** Packages that load files of their own, and those that may be absent. */
const external = [/^onnxruntime-(node|web)(\/|$)/, 'sharp', 'bullmq', 'ioredis'];

/**
 * Replaces `cli/` in a folder that the compiler has filled by bundles of it and of all it uses. They lie side by side,
 * as deep as `main.js` did, so that addresses relative to a module still hold.
 */
export async function bundleCli(compiled) {
  const { build } = await loadBundler();
  const output = join(compiled, 'bundled');
  const built = await build([
    // Verbs and what only some of them need are loaded when they are needed.
    bundleOf(join(compiled, 'cli/main.js'), output, true),
    // What starts a thread or a process is a single file: main.js must not come to import it for what they share.
    ...entries(compiled).map((entry) => bundleOf(entry, output, false)),
  ]);
  const modules = built.flatMap((bundle) => bundle.output.flatMap((chunk) => chunk.moduleIds));
  writeFileSync(join(output, 'THIRD-PARTY.txt'), thirdPartyNotices(modules));
  rmSync(join(compiled, 'cli'), { recursive: true });
  renameSync(output, join(compiled, 'cli'));
}

function entries(compiled) {
  return readdirSync(join(compiled, 'src'), { recursive: true })
    .filter((path) => path.endsWith('-entry-node.js'))
    .map((path) => join(compiled, 'src', path));
}

function bundleOf(input, dir, codeSplitting) {
  return {
    input: { [basename(input, '.js')]: input },
    platform: 'node',
    external,
    logLevel: 'warn',
    output: { dir, codeSplitting, comments: { legal: true, annotation: false, jsdoc: false } },
  };
}

async function loadBundler() {
  return import('rolldown').catch(() => {
    throw new Error('the bundler is not installed; run `npm ci` in the checkout first');
  });
}
