import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';

/** A folder that is looked at again and again. */
export interface Watch {
  /** Results that are there. */
  count(): number;
  /** Ends the watch, and tells of files that were not complete when they were first seen under their names. */
  stop(): Promise<{ readonly partial: readonly string[]; readonly looks: number }>;
}

const LOOK_MS = 2;

/**
 * Reads every file at the moment that it is first seen, as one synchronous step, and decodes what it read afterwards. Hidden
 * folders, where work is done, are not looked into, and what is called `.partial` claims nothing.
 */
export function watchResults(folder: string): Watch {
  const seen = new Set<string>();
  const partial: string[] = [];
  const checks: Promise<void>[] = [];
  let looks = 0;
  const look = (): void => {
    for (const path of visibleFiles(folder)) {
      if (seen.has(path)) continue;
      seen.add(path);
      looks++;
      const bytes = readFileSync(path);
      checks.push(
        check(path, bytes).catch(
          (error: unknown) => void partial.push(`${path}: ${String(error)}`),
        ),
      );
    }
  };
  const timer = setInterval(look, LOOK_MS);
  return {
    count: () => [...seen].filter((path) => !path.endsWith('.json')).length,
    async stop() {
      clearInterval(timer);
      look();
      await Promise.all(checks);
      return { partial, looks };
    },
  };
}

async function check(path: string, bytes: Buffer): Promise<void> {
  if (path.endsWith('.json')) return void JSON.parse(bytes.toString());
  await sharp(bytes, { failOn: 'warning' }).raw().toBuffer();
}

function visibleFiles(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter(({ name }) => !name.startsWith('.') && !name.endsWith('.partial'))
      .flatMap((entry) => {
        const path = join(folder, entry.name);
        return entry.isDirectory() ? visibleFiles(path) : [path];
      });
  } catch {
    // It is not there yet.
    return [];
  }
}
