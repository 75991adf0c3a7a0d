// Compiles src/image/degradations/operators/correlate.wat to a module that TypeScript can hold: `npx tsx tools/compileWat.ts`.
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import wabt from 'wabt';

const folder = new URL('../src/image/degradations/operators/', import.meta.url);

/** The text of `correlateWasm.ts`, as it follows from `correlate.wat`. */
export async function compileCorrelate(): Promise<string> {
  const source = await readFile(new URL('correlate.wat', folder), 'utf8');
  const { parseWat } = await wabt();
  const module = parseWat('correlate.wat', source);
  const { buffer } = module.toBinary({});
  module.destroy();
  const base64 = Buffer.from(buffer).toString('base64');
  const lines = base64.match(/.{1,100}/g) ?? [];
  return (
    '// What tools/compileWat.ts makes of correlate.wat.\n\n' +
    '/** A WebAssembly module in base 64. */\n' +
    `export const correlateWasm = [\n${lines.map((line) => `  '${line}',\n`).join('')}].join('');\n`
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await writeFile(new URL('correlateWasm.ts', folder), await compileCorrelate());
}
