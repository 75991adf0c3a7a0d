const LONGEST_NAME = 200;
const LONGEST_LIST = 20;

/** Weights that cannot be used as they are; the message says which file or tensor, and why. */
export class WeightsError extends Error {
  override readonly name = 'WeightsError';
}

/**
 * A name out of a file, fit for an error message: shortened, and with control and formatting characters
 * escaped, because the file may be hostile and the message may reach a terminal.
 */
export function printableName(name: string): string {
  const short = name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME)}…` : name;
  return short.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => {
    return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
  });
}

export function quoteName(name: string): string {
  return `"${printableName(name)}"`;
}

/** At most 20 items, and how many more there are. */
export function abbreviate(items: readonly string[]): string[] {
  if (items.length <= LONGEST_LIST) return [...items];
  return [...items.slice(0, LONGEST_LIST), `… and ${items.length - LONGEST_LIST} more`];
}

/** Runs `parse`, and puts `label` before the message of a WeightsError that it throws. */
export function labelled<T>(label: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof WeightsError)) throw error;
    throw new WeightsError(`${label}: ${error.message}`, { cause: error });
  }
}
