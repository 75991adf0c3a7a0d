import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** A piece of code in the documentation. */
export interface Example {
  readonly name: string;
  readonly code: string;
}

/** The examples of a page whose fences say where they run: `js node` or `js web`. */
export async function readExamples(page: string, platform: 'node' | 'web'): Promise<Example[]> {
  const path = fileURLToPath(new URL(`../../docs/${page}`, import.meta.url));
  const fences = (await readFile(path, 'utf8')).matchAll(/^```js (\w+)\n([^]*?)^```$/gm);
  return [...fences]
    .filter(([, where]) => where === platform)
    .map(([, , code], i) => ({ name: `${page}, ${platform} ${i + 1}`, code }));
}
