import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import {
  backDoors,
  importCycles,
  indexesThatDeclare,
  misdirectedImports,
  oversizedFiles,
  platformLeaks,
  rooms,
  strayNodeImports,
} from './rooms.js';
import { readSourceTree, sourceFile } from './source-tree.js';

const root = fileURLToPath(new URL('../', import.meta.url));
const src = readSourceTree(root, ['src']);
const programs = readSourceTree(root, ['cli', 'app']);
const everything = readSourceTree(root, ['src', 'cli', 'app', 'test', 'tools', 'bench']);

describe('the repository', () => {
  it('is read', () => {
    expect(src.length).toBeGreaterThan(5);
    expect(src.some(({ imports }) => imports.includes('src/tensor/index.ts'))).toBe(true);
  });

  it('lets each room import only the rooms before it', () => {
    expect(misdirectedImports(src)).toEqual([]);
  });

  it('knows Node only in files named for it', () => {
    expect(strayNodeImports(src)).toEqual([]);
  });

  it('keeps one platform out of the entry points of the others', () => {
    expect(platformLeaks(src)).toEqual([]);
  });

  it('uses its own library through the public entry points', () => {
    expect(backDoors(programs, 'cli')).toEqual([]);
    expect(backDoors(programs, 'app')).toEqual([]);
  });

  it('has no import cycles', () => {
    expect(importCycles(everything)).toEqual([]);
  });

  it('has no file that is too long to read at once', () => {
    expect(oversizedFiles(everything)).toEqual([]);
  });

  it('declares nothing in index files', () => {
    expect(indexesThatDeclare(src)).toEqual([]);
  });
});

describe('the rules', () => {
  it('see every way to import a file', () => {
    const file = sourceFile(
      'src/nn/a.ts',
      [
        `import { x } from './x.js';`,
        `import type { y } from '../graph/y.js';`,
        `export * from 'sharp';`,
        `type Z = import('./z.js').Z;`,
        `const lazy = () => import('./lazy.js');`,
        `new Worker(new URL('./worker.js', import.meta.url));`,
        `// import './comment.js'`,
      ].join('\n'),
    );
    expect(file.imports).toEqual([
      'src/nn/x.ts',
      'src/graph/y.ts',
      'sharp',
      'src/nn/z.ts',
      'src/nn/lazy.ts',
      'src/nn/worker.ts',
    ]);
  });

  it.each(rooms.slice(1).map((room, i) => [rooms[i], room]))(
    'refuse %s -> %s',
    (earlier, later) => {
      const wrong = sourceFile(`src/${earlier}/a.ts`, `import '../${later}/b.js';`);
      const right = sourceFile(`src/${later}/a.ts`, `import '../${earlier}/b.js';`);
      expect(misdirectedImports([wrong])).toEqual([
        `src/${earlier}/a.ts imports src/${later}/b.ts, which comes after src/${earlier}/`,
      ]);
      expect(misdirectedImports([right])).toEqual([]);
    },
  );

  it('refuse rooms that import entry points or programs, and folders that are no room', () => {
    const entry = sourceFile('src/graph/a.ts', `import '../index.js';`);
    const program = sourceFile('src/graph/a.ts', `import '../../cli/b.js';`);
    expect(misdirectedImports([program])).toEqual([
      'src/graph/a.ts imports cli/b.ts, which is not the library',
    ]);
    const stray = sourceFile('src/utils/a.ts', `import '../tensor/b.js';`);
    expect(misdirectedImports([entry])).toHaveLength(1);
    expect(misdirectedImports([stray])).toEqual([
      'src/utils/a.ts: expected one of the rooms, got src/utils/',
    ]);
  });

  it('refuse Node in portable files, directly or at a distance', () => {
    const portable = sourceFile('src/weights/a.ts', `import 'node:fs';`);
    const named = sourceFile('src/weights/a-node.ts', `import 'node:fs';`);
    expect(strayNodeImports([portable, named])).toEqual([
      'src/weights/a.ts imports node:fs; only *-node.ts and src/node.ts may',
    ]);
    const index = sourceFile('src/index.ts', `export * from './weights/b.js';`);
    const between = sourceFile('src/weights/b.ts', `import './a-node.js';`);
    expect(platformLeaks([index, between, named])).toEqual([
      'src/index.ts reaches src/weights/a-node.ts',
      'src/index.ts reaches node:fs',
    ]);
  });

  it('refuse back doors, cycles, long files and busy indexes', () => {
    const cli = sourceFile('cli/a.ts', `import '../src/node.js';\nimport '../src/nn/a.js';`);
    expect(backDoors([cli], 'cli')).toEqual([
      'cli/a.ts imports src/nn/a.ts, which is not a public entry point',
    ]);
    const a = sourceFile('src/nn/a.ts', `import type { b } from './b.js';`);
    const b = sourceFile('src/nn/b.ts', `import { a } from './a.js';`);
    expect(importCycles([a, b])).toEqual(['src/nn/a.ts -> src/nn/b.ts -> src/nn/a.ts']);
    const long = sourceFile('src/nn/a.ts', '\n'.repeat(400) + 'x');
    expect(oversizedFiles([long])).toEqual(['src/nn/a.ts: expected at most 400 lines, got 401']);
    const index = sourceFile('src/nn/index.ts', `export * from './a.js';\nexport const b = 1;`);
    expect(indexesThatDeclare([index])).toEqual(['src/nn/index.ts: expected only re-exports']);
  });
});
