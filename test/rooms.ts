import type { SourceFile } from './source-tree.js';

/** Each room may import the rooms before it. */
export const rooms = [
  'tensor',
  'graph',
  'weights',
  'text',
  'nn',
  'diffusion',
  'models',
  'surgery',
  'onnx',
  'runtime',
  'image',
  'training',
  'generation',
  'restoration',
  'distillation',
  'search',
  'pipeline',
];

const maxLines = 400;

/** Files that a tool writes, or that are one long table. */
const exemptFromLength: readonly string[] = [];

const entryPoints = [
  'src/index.ts',
  'src/node.ts',
  'src/web.ts',
  'src/training.ts',
  'src/restoring-node.ts',
  'src/tasks-node.ts',
];
const nodePackages = ['sharp', 'onnxruntime-node'];

const programs = /^(cli|app|bench|tools|test)\//;
const isTest = (path: string) => path.endsWith('.test.ts');
const isNodeFile = (path: string) => path.endsWith('-node.ts') || path === 'src/node.ts';
const isNodePackage = (name: string) => name.startsWith('node:') || nodePackages.includes(name);
const roomOf = (path: string) => /^src\/([^/]+)\//.exec(path)?.[1];

/** Imports that point to a later room, and folders that are no room. Tests may look anywhere. */
export function misdirectedImports(files: readonly SourceFile[]): string[] {
  return pairs(files.filter(({ path }) => !isTest(path))).flatMap(([path, imported]) => {
    const room = roomOf(path);
    if (room === undefined) return [];
    if (!rooms.includes(room)) return [`${path}: expected one of the rooms, got src/${room}/`];
    if (programs.test(imported)) return [`${path} imports ${imported}, which is not the library`];
    if (!imported.startsWith('src/')) return [];
    const target = roomOf(imported);
    const allowed = target !== undefined && rooms.indexOf(target) <= rooms.indexOf(room);
    return allowed ? [] : [`${path} imports ${imported}, which comes after src/${room}/`];
  });
}

/** Uses of Node in files that are not named for it. */
export function strayNodeImports(files: readonly SourceFile[]): string[] {
  return pairs(files.filter(({ path }) => path.startsWith('src/') && !isTest(path)))
    .filter(([path, imported]) => isNodePackage(imported) && !isNodeFile(path))
    .map(([path, imported]) => `${path} imports ${imported}; only *-node.ts and src/node.ts may`);
}

/** What the portable entry points reach, however far, that only one platform has. */
export function platformLeaks(files: readonly SourceFile[]): string[] {
  const notNode = (path: string) => isNodeFile(path) || isNodePackage(path);
  const notWeb = (path: string) => path.endsWith('-web.ts') || path === 'onnxruntime-web';
  const forbidden: Record<string, (path: string) => boolean> = {
    'src/index.ts': (path) => notNode(path) || notWeb(path),
    'src/training.ts': (path) => notNode(path) || notWeb(path),
    'src/web.ts': notNode,
    'src/node.ts': notWeb,
    'src/restoring-node.ts': notWeb,
    'src/tasks-node.ts': notWeb,
  };
  return Object.entries(forbidden).flatMap(([entry, isForbidden]) =>
    reachable(files, entry)
      .filter(isForbidden)
      .map((path) => `${entry} reaches ${path}`),
  );
}

/** Imports of the library's insides by its own programs. */
export function backDoors(files: readonly SourceFile[], folder: string): string[] {
  return pairs(files.filter(({ path }) => path.startsWith(`${folder}/`) && !isTest(path)))
    .filter(([, imported]) => imported.startsWith('src/') && !entryPoints.includes(imported))
    .map(([path, imported]) => `${path} imports ${imported}, which is not a public entry point`);
}

/** Chains of imports that come back to where they began, each reported once. */
export function importCycles(files: readonly SourceFile[]): string[] {
  const imports = new Map(files.map(({ path, imports }) => [path, imports]));
  const finished = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) {
      cycles.push([...trail.slice(trail.indexOf(path)), path].join(' -> '));
    } else if (!finished.has(path)) {
      for (const imported of imports.get(path) ?? []) visit(imported, [...trail, path]);
      finished.add(path);
    }
  };
  for (const { path } of files) visit(path, []);
  return cycles;
}

export function oversizedFiles(files: readonly SourceFile[]): string[] {
  return files
    .filter(({ path, lines }) => lines > maxLines && !exemptFromLength.includes(path))
    .map(({ path, lines }) => `${path}: expected at most ${maxLines} lines, got ${lines}`);
}

export function indexesThatDeclare(files: readonly SourceFile[]): string[] {
  return files
    .filter(({ path, onlyReExports }) => path.endsWith('/index.ts') && !onlyReExports)
    .map(({ path }) => `${path}: expected only re-exports`);
}

function pairs(files: readonly SourceFile[]): [path: string, imported: string][] {
  return files.flatMap(({ path, imports }) =>
    imports.map((imported): [string, string] => [path, imported]),
  );
}

function reachable(files: readonly SourceFile[], entry: string): string[] {
  const imports = new Map(files.map(({ path, imports }) => [path, imports]));
  const seen = new Set([entry]);
  for (const path of seen) for (const imported of imports.get(path) ?? []) seen.add(imported);
  return [...seen].filter((path) => path !== entry);
}
