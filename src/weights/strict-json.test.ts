import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseStrictJson, type JsonValue } from './strict-json.js';

function toPlain(value: JsonValue): unknown {
  if (value instanceof Map) {
    const members = value as ReadonlyMap<string, JsonValue>;
    return Object.fromEntries(Array.from(members, ([key, member]) => [key, toPlain(member)]));
  }
  return Array.isArray(value) ? (value as readonly JsonValue[]).map(toPlain) : value;
}

test('agrees with JSON.parse on every JSON text', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), fc.constantFrom(0, 1, 2), (text, indent) => {
      const spaced = JSON.stringify(JSON.parse(text), null, indent);
      expect(toPlain(parseStrictJson(spaced))).toEqual(JSON.parse(text));
    }),
  );
});

test('refuses what JSON.parse refuses', () => {
  const mutated = fc
    .tuple(fc.json({ maxDepth: 3 }), fc.nat(), fc.constantFrom(...'{}[]",:\\0-.eEtn \u0001'))
    .map(([text, at, character]) => {
      const position = at % (text.length + 1);
      return text.slice(0, position) + character + text.slice(position);
    });
  fc.assert(
    fc.property(mutated, (text) => {
      let reference: unknown;
      try {
        reference = JSON.parse(text);
      } catch {
        expect(() => parseStrictJson(text)).toThrow();
        return;
      }
      // A mutation can also turn two keys into one, which only JSON.parse accepts.
      try {
        expect(toPlain(parseStrictJson(text))).toEqual(reference);
      } catch (error) {
        expect(String(error)).toContain('duplicate key');
      }
    }),
    { numRuns: 500 },
  );
});

test('keeps the order of keys, also of those that look like indices', () => {
  const parsed = parseStrictJson('{"b":1,"10":2,"2":3,"__proto__":4}');
  expect([...(parsed as Map<string, JsonValue>)]).toEqual([
    ['b', 1],
    ['10', 2],
    ['2', 3],
    ['__proto__', 4],
  ]);
});

test.each([
  ['{"a":1,"a":2}', 'duplicate key "a"'],
  ['{"a":1,"\\u0061":2}', 'duplicate key "a"'],
  ['[NaN]', 'expected a JSON value at character 1, got "NaN]"'],
  ['{"a" 1}', 'expected ":" at character 5, got "1}"'],
  ['{"a":1', 'expected "," or "}" at character 6, got the end'],
  ['{a:1}', 'expected a key at character 1, got "a:1}"'],
  ['[1 2]', 'expected "," or "]" at character 3, got "2]"'],
  ['"\n"', 'expected a valid string at character 0, got ""\\u{a}""'],
  ['"abc', 'expected a valid string at character 0, got ""abc"'],
  ['{} x', 'expected the end of the JSON at character 3, got "x"'],
  ['['.repeat(100_000), 'expected at most 16 levels of nesting in the JSON'],
])('%.20s', (text, message) => {
  expect(() => parseStrictJson(text)).toThrow(message);
});
