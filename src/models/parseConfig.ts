import { z } from 'zod';

/** A configuration that does not fit; the message names every key that is wrong, and why. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * Parses a configuration strictly: an unknown key is an error.
 * @throws ConfigError with one line per wrong key, `SOURCE: key.path: what was expected, what was found`.
 */
export function parseConfig<S extends z.ZodType>(schema: S, value: unknown, source: string): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const lines = result.error.issues.map((issue) => {
    const path = issue.path.join('.') || '(top level)';
    return `${source}: ${path}: ${issue.message}`;
  });
  throw new ConfigError(lines.join('\n'));
}
