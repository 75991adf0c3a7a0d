import { expect, it } from 'vitest';
import { parsePythonJson, stringifyPythonJson } from './pythonJson.js';

it('reads the numbers that Python writes and JSON has not', () => {
  const text = '{"a": -Infinity, "b": [NaN, Infinity, 1], "c": "NaN, \\" -Infinity"}';
  expect(parsePythonJson(text)).toEqual({
    a: -Infinity,
    b: [NaN, Infinity, 1],
    c: 'NaN, " -Infinity',
  });
  expect(() => parsePythonJson('{"a": Infinite}')).toThrow(SyntaxError);
});

it('writes them as Python reads them', () => {
  const value = { a: -Infinity, b: [NaN, Infinity, 0.5], c: 'NaN' };
  expect(stringifyPythonJson(value)).toContain('"a": -Infinity');
  expect(parsePythonJson(stringifyPythonJson(value))).toEqual(value);
  expect(stringifyPythonJson({ a: 1 })).toBe(JSON.stringify({ a: 1 }, undefined, 2));
});
