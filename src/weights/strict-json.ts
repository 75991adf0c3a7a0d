// JSON.parse silently keeps the last of duplicate keys, moves integer-like keys to the front and lets
// `__proto__` shadow the prototype. Files that decide which bytes become which weight deserve better.

import { quoteName, WeightsError } from './errors.js';

const DEEPEST_NESTING = 16;

/** A JSON value whose objects are maps, in the order of the text. */
export type JsonValue =
  null | boolean | number | string | readonly JsonValue[] | ReadonlyMap<string, JsonValue>;

/**
 * Parses JSON (RFC 8259).
 * @throws WeightsError on anything that is not JSON, on a duplicate key and on nesting beyond 16 levels.
 */
export function parseStrictJson(text: string): JsonValue {
  const reader = new JsonReader(text);
  const value = reader.value(0);
  reader.end();
  return value;
}

/** A parsed value as an object, or undefined where it is something else. */
export function asJsonObject(
  value: JsonValue | undefined,
): ReadonlyMap<string, JsonValue> | undefined {
  return value instanceof Map ? value : undefined;
}

class JsonReader {
  private position = 0;

  constructor(private readonly text: string) {}

  value(depth: number): JsonValue {
    if (depth > DEEPEST_NESTING) {
      throw new WeightsError(`expected at most ${DEEPEST_NESTING} levels of nesting in the JSON`);
    }
    this.skipSpace();
    switch (this.text[this.position]) {
      case '{':
        return this.object(depth);
      case '[':
        return this.array(depth);
      case '"':
        return this.string();
      default:
        return this.numberOrLiteral();
    }
  }

  end(): void {
    this.skipSpace();
    if (this.position < this.text.length) throw this.unexpected('the end of the JSON');
  }

  private object(depth: number): ReadonlyMap<string, JsonValue> {
    const members = new Map<string, JsonValue>();
    this.position++;
    if (this.accept('}')) return members;
    do {
      this.skipSpace();
      if (this.text[this.position] !== '"') throw this.unexpected('a key');
      const key = this.string();
      if (members.has(key)) throw new WeightsError(`duplicate key ${quoteName(key)}`);
      if (!this.accept(':')) throw this.unexpected('":"');
      members.set(key, this.value(depth + 1));
    } while (this.accept(','));
    if (!this.accept('}')) throw this.unexpected('"," or "}"');
    return members;
  }

  private array(depth: number): readonly JsonValue[] {
    const elements: JsonValue[] = [];
    this.position++;
    if (this.accept(']')) return elements;
    do {
      elements.push(this.value(depth + 1));
    } while (this.accept(','));
    if (!this.accept(']')) throw this.unexpected('"," or "]"');
    return elements;
  }

  private string(): string {
    let end = this.position + 1;
    while (end < this.text.length && this.text[end] !== '"') end += this.text[end] === '\\' ? 2 : 1;
    try {
      const value = JSON.parse(this.text.slice(this.position, end + 1)) as string;
      this.position = end + 1;
      return value;
    } catch {
      throw this.unexpected('a valid string');
    }
  }

  private numberOrLiteral(): number | boolean | null {
    const token = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
    token.lastIndex = this.position;
    const match = token.exec(this.text);
    if (!match) throw this.unexpected('a JSON value');
    this.position = token.lastIndex;
    return JSON.parse(match[0]) as number | boolean | null;
  }

  private accept(character: string): boolean {
    this.skipSpace();
    if (this.text[this.position] !== character) return false;
    this.position++;
    return true;
  }

  private skipSpace(): void {
    while (' \t\n\r'.includes(this.text[this.position] ?? 'end')) this.position++;
  }

  private unexpected(expected: string): WeightsError {
    const rest = this.text.slice(this.position, this.position + 12);
    const got = rest === '' ? 'the end' : quoteName(rest);
    return new WeightsError(`expected ${expected} at character ${this.position}, got ${got}`);
  }
}
