import { expect, it } from 'vitest';
import { meanDefined } from './meanDefined.js';

it('is the mean of the scores that are numbers', () => {
  expect(meanDefined([1, NaN, 3, Infinity])).toBe(2);
  expect(meanDefined([NaN, Infinity])).toBeNaN();
});
