import type { z } from 'zod';

/** A configuration that does not fit; the message names every key that is wrong, and why. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

type Issue = z.core.$ZodIssue;

/**
 * Parses a configuration strictly, an unknown key being an error; every problem is listed, with what was expected and what was found.
 * @throws ConfigError with one line for each, `SOURCE: key.path: expected ..., got ...`.
 */
export function parseConfig<S extends z.ZodType>(
  schema: S,
  value: unknown,
  source: string,
): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const lines = result.error.issues.flatMap((issue) => describeIssue(issue, value));
  throw new ConfigError(lines.map((line) => `${source}: ${line}`).join('\n'));
}

function describeIssue(issue: Issue, value: unknown): string[] {
  const place = (path: readonly PropertyKey[]): string =>
    path.length === 0 ? '' : `${path.map(String).join('.')}: `;
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => `${place([...issue.path, key])}no such key`);
  }
  if (issue.code === 'invalid_key') {
    return issue.issues.map((inner) => `${place(issue.path)}${expectation(inner)}`);
  }
  const found = issue.path.reduce(memberOf, value);
  return [`${place(issue.path)}${expectation(issue)}, got ${shown(found)}`];
}

function memberOf(container: unknown, key: PropertyKey): unknown {
  if (typeof container !== 'object' || container === null || !Object.hasOwn(container, key)) {
    return undefined;
  }
  return (container as Record<PropertyKey, unknown>)[key];
}

const typeNames: Readonly<Record<string, string>> = {
  number: 'a number',
  int: 'a whole number',
  string: 'a text',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'a mapping',
  record: 'a mapping',
};

function expectation(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${typeNames[issue.expected] ?? issue.expected}`;
    case 'too_small': {
      const least = issue.exact ? '' : issue.inclusive ? 'at least ' : 'more than ';
      return `expected ${least}${issue.minimum}${unitOf(issue.origin)}`;
    }
    case 'too_big': {
      const most = issue.exact ? '' : issue.inclusive ? 'at most ' : 'less than ';
      return `expected ${most}${issue.maximum}${unitOf(issue.origin)}`;
    }
    case 'invalid_value':
      return `expected ${alternatives(issue.values.map(String))}`;
    case 'invalid_union': {
      const options = 'options' in issue && Array.isArray(issue.options) ? issue.options : [];
      return options.length > 0 ? `expected ${alternatives(options.map(String))}` : issue.message;
    }
    default:
      return issue.message;
  }
}

function unitOf(origin: string): string {
  if (origin === 'array') return ' entries';
  return origin === 'string' ? ' characters' : '';
}

function alternatives(words: readonly string[]): string {
  if (words.length === 1) return words[0];
  return `${words.slice(0, -1).join(', ')} or ${words[words.length - 1]}`;
}

const LONGEST_SHOWN = 60;

function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  // JSON has no NaN and no infinity.
  if (typeof value === 'number') return String(value);
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
}
