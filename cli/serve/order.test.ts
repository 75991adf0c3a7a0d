import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ApiError } from './apiError.js';
import { parameters, parseOrder } from './order.js';

const messageOf = (...given: [string, string][]): string => {
  try {
    parseOrder(given);
  } catch (error) {
    return (error as Error).message;
  }
  return 'accepted';
};

describe('parseOrder', () => {
  it('reads what is asked for', () => {
    const order = parseOrder(
      Object.entries({ task: 'sr', scale: '2.5', format: 'JPG', quality: '80', metadata: 'strip' }),
    );
    expect(order).toEqual({
      task: 'sr',
      format: 'jpeg',
      options: { scale: 2.5, quality: 80, metadata: 'strip' },
    });
    expect(parseOrder([])).toEqual({ options: {} });
  });

  it('names all that is wrong, with what was expected and what came', () => {
    expect(messageOf(['scale', '0x2'], ['quality', '101'])).toBe(
      'scale: expected a number from 0.25 to 16, got "0x2"; ' +
        'quality: expected a whole number from 1 to 100, got "101"',
    );
    expect(messageOf(['width', ''])).toMatch(/^width: expected a whole number from 1 to 65535/);
    expect(messageOf(['scale', '2'], ['scale', '2'])).toMatch(/expected it once, got it twice/);
    expect(messageOf(['scale', '2'], ['height', '9'])).toMatch(/without width and height/);
    expect(messageOf(['metadata', 'all'])).toBe('metadata: expected keep or strip, got "all"');
    const known = Object.keys(parameters).join(', ');
    expect(messageOf(['url', 'x'])).toBe(`"url": expected one of the parameters ${known}`);
    expect(messageOf(['__proto__', 'x'])).toMatch(/^"__proto__": expected one of the parameters/);
  });

  it('answers anything with an order or a refusal, and quotes no more than a little', () => {
    const name = fc.oneof(fc.constantFrom(...Object.keys(parameters)), fc.string());
    fc.assert(
      fc.property(fc.array(fc.tuple(name, fc.string({ maxLength: 2000 }))), (given) => {
        try {
          const { options } = parseOrder(given);
          const numbers = Object.values(options).filter((value) => typeof value === 'number');
          return numbers.every((value) => Number.isFinite(value) && value > 0);
        } catch (error) {
          return error instanceof ApiError && error.status === 400;
        }
      }),
    );
    expect(messageOf(['format', 'x'.repeat(10_000)]).length).toBeLessThan(200);
  });
});
