// Builds app/ to dist/app/: static files that any server can serve. Plain JavaScript: `nanosd app` runs it in a checkout.
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const source = join(root, 'app');
const output = join(root, 'dist/app');
const stamp = join(root, 'dist/.app-stamp');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const engineVersion = manifest.dependencies['onnxruntime-web'];
const weightsFile = 'diffusion_pytorch_model.safetensors';

/** Builds the app if anything it is made from is newer than the last build. */
export async function buildAppIfStale() {
  if (isStale()) await buildApp();
}

export async function buildApp() {
  const started = new Date();
  // Processes started together may all build: each works aside and renames its result in.
  const staging = mkdtempSync(join(root, 'dist-'));
  try {
    const fresh = join(staging, 'new');
    await bundle(fresh);
    copyModels(fresh);
    listFilesToKeep(fresh);
    mkdirSync(join(root, 'dist'), { recursive: true });
    if (existsSync(output)) renameSync(output, join(staging, 'old'));
    renameSync(fresh, output);
    writeFileSync(stamp, '');
    utimesSync(stamp, started, started);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

async function bundle(directory) {
  const { build } = await loadVite();
  await build({
    configFile: false,
    root: source,
    base: './',
    logLevel: 'error',
    build: {
      outDir: directory,
      emptyOutDir: true,
      target: 'esnext',
      // A script of the page would be needed for browsers without it, which do not run the app either.
      modulePreload: false,
      assetsInlineLimit: 0,
      reportCompressedSize: false,
      chunkSizeWarningLimit: 2000,
      rolldownOptions: {
        input: {
          index: join(source, 'index.html'),
          serviceWorker: join(source, 'serviceWorker.ts'),
        },
        output: {
          assetFileNames: assetName,
          entryFileNames: ({ name }) =>
            name === 'serviceWorker' ? '[name].js' : 'assets/[name]-[hash].js',
        },
      },
    },
    worker: { format: 'es', rolldownOptions: { output: { assetFileNames: assetName } } },
  });
}

async function loadVite() {
  return import('vite').catch(() => {
    throw new Error('the bundler is not installed; run `npm ci` in the checkout first');
  });
}

/** The engine keeps its names, under its version, so that a server can take it from the package it comes from. */
function assetName({ names }) {
  const isEngine = names.some((name) => name.startsWith('ort-wasm'));
  return isEngine ? `ort-${engineVersion}/[name][extname]` : 'assets/[name]-[hash][extname]';
}

/** The restorers that the package ships, and a list of them. */
function copyModels(directory) {
  const models = readdirSync(join(root, 'models')).flatMap((name) => describeModel(name) ?? []);
  for (const { name } of models) {
    for (const file of ['config.json', ...weightsOf(name)]) {
      cpSync(join(root, 'models', name, file), join(directory, 'models', name, file));
    }
  }
  writeFileSync(join(directory, 'models/manifest.json'), JSON.stringify({ models }, null, 2));
}

function describeModel(name) {
  const folder = join(root, 'models', name);
  const config = join(folder, 'config.json');
  if (!existsSync(config) || !existsSync(join(folder, weightsFile))) return undefined;
  const file = JSON.parse(readFileSync(config, 'utf8'));
  const { _class_name: className, task = 'sr', scale, fidelity } = file;
  if (className !== 'OneStepRestorer') return undefined;
  const sizes = weightsOf(name).map((weights) => statSync(join(folder, weights)).size);
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  const parameters = countParameters(join(folder, weightsFile));
  const usual = fidelity && { fidelity: fidelity.default ?? 0.5 };
  return { name, task, scale, parameters, bytes, ...usual };
}

/** One set of weights, or two that are interpolated. */
function weightsOf(name) {
  const { fidelity } = JSON.parse(readFileSync(join(root, 'models', name, 'config.json'), 'utf8'));
  return fidelity ? [weightsFile, fidelity.weights] : [weightsFile];
}

function countParameters(file) {
  const bytes = readFileSync(file);
  const header = JSON.parse(bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE())).toString());
  return Object.entries(header)
    .filter(([name]) => name !== '__metadata__')
    .reduce((sum, [, { shape }]) => sum + shape.reduce((size, side) => size * side, 1), 0);
}

/** Above this, a model is kept for offline use when it is used, not before. */
const LARGEST_MODEL_BYTES = 16e6;

/** Tells the service worker what the app consists of; a change of any file changes the worker, and so updates it. */
function listFilesToKeep(directory) {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'serviceWorker.js')
    .map((entry) => join(entry.parentPath, entry.name))
    .filter(isKept)
    .map((path) => path.slice(directory.length + 1).replaceAll('\\', '/'))
    .sort();
  const version = createHash('sha256');
  for (const file of files) version.update(file).update(readFileSync(join(directory, file)));
  const kept = { version: version.digest('hex').slice(0, 16), files };
  const worker = join(directory, 'serviceWorker.js');
  const script = readFileSync(worker, 'utf8');
  const listed = script.replace(/(["'`])__KEPT_FILES__\1/, () =>
    JSON.stringify(JSON.stringify(kept)),
  );
  if (listed === script)
    throw new Error('expected a place for the list of files in serviceWorker.js');
  writeFileSync(worker, listed);
}

/** The engine's builds for GPUs are large, and only one is used, if any. */
function isKept(path) {
  if (/\.(jspi|asyncify|jsep)\.wasm$/.test(path)) return false;
  return !path.endsWith('.safetensors') || statSync(path).size <= LARGEST_MODEL_BYTES;
}

function isStale() {
  const built = statSync(stamp, { throwIfNoEntry: false })?.mtimeMs;
  if (built === undefined || !existsSync(join(output, 'index.html'))) return true;
  const within = ['app', 'src', 'models'].flatMap((top) => [
    top,
    ...readdirSync(join(root, top), { recursive: true }).map((path) => join(top, path)),
  ]);
  return [...within, 'package-lock.json', 'tools/buildApp.js']
    .filter((path) => !path.endsWith('.test.ts'))
    .some((path) => (statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? 0) > built);
}
