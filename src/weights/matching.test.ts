import { expect, test } from 'vitest';
import { float32, fromFloat64, tensor, zeros, type Tensor } from '../tensor/index.js';
import { checkFinite, matchWeights } from './matching.js';

function messageOf(run: () => void): string {
  try {
    run();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return expect.fail('nothing was thrown');
}

const expected = [
  { name: 'conv_in.weight', shape: [4, 3, 3, 3] },
  { name: 'conv_in.bias', shape: [4] },
  { name: 'down_blocks.1.resnets.0.conv1.weight', shape: [640, 320, 3, 3] },
];

test('accepts exactly the expected weights, in any order', () => {
  const weights = new Map(expected.toReversed().map(({ name, shape }) => [name, { shape }]));
  expect(() => {
    matchWeights(expected, weights);
  }).not.toThrow();
});

test('lists every missing, unexpected and misshapen weight at once', () => {
  const weights = new Map<string, { shape: number[] }>([
    ['down_blocks.1.resnets.0.conv1.weight', { shape: [320, 320, 3, 3] }],
    ['conv_in.bias', { shape: [4, 1] }],
    ['conv_in.\u001b[2Jlora', { shape: [] }],
  ]);
  expect(
    messageOf(() => {
      matchWeights(expected, weights, 'unet.');
    }),
  ).toBe(
    [
      'expected 3 weights, got 3 that do not match',
      '1 missing:',
      '  unet.conv_in.weight: expected [4, 3, 3, 3], got nothing',
      '1 unexpected:',
      '  unet.conv_in.\\u{1b}[2Jlora: unexpected, []',
      '2 misshapen:',
      '  unet.conv_in.bias: expected [4], got [4, 1]',
      '  unet.down_blocks.1.resnets.0.conv1.weight: expected [640, 320, 3, 3], got [320, 320, 3, 3]',
    ].join('\n'),
  );
});

test('shows 20 of each kind and counts the rest', () => {
  const many = Array.from({ length: 686 }, (_, i) => ({ name: `w${i}`, shape: [i] }));
  const others = new Map(Array.from({ length: 21 }, (_, i) => [`v${i}`, { shape: [i] }]));
  const lines = messageOf(() => {
    matchWeights(many, others);
  }).split('\n');
  expect(lines.length).toBe(1 + 1 + 21 + 1 + 21);
  expect(lines[1]).toBe('686 missing:');
  expect(lines[22]).toBe('  … and 666 more');
  expect(lines[44]).toBe('  … and 1 more');
});

test('checkFinite names the tensors of every float dtype, with counts', () => {
  const odd = [NaN, Infinity, -Infinity, 1];
  const weights = new Map<string, Tensor>([
    ['f64', fromFloat64('float64', [4], odd)],
    ['f32', float32([4], odd)],
    ['f16', fromFloat64('float16', [4], odd)],
    ['bf16', fromFloat64('bfloat16', [4], odd)],
    ['good', float32([2], [3.4e38, -3.4e38])],
    ['largest half', tensor('float16', [2], Uint16Array.of(0x7bff, 0xfbff))],
    ['largest bfloat', tensor('bfloat16', [2], Uint16Array.of(0x7f7f, 0xff7f))],
    ['integer', tensor('int64', [1], BigInt64Array.of(2n ** 62n))],
  ]);
  const counts = '1 NaN and 2 infinite of 4 elements';
  expect(
    messageOf(() => {
      checkFinite(weights);
    }),
  ).toBe(
    [
      'expected finite weights, got others in 4 tensors:',
      ...['f64', 'f32', 'f16', 'bf16'].map((name) => `  ${name}: ${counts}`),
    ].join('\n'),
  );
  expect(() => {
    checkFinite(new Map([['w', zeros('float16', [3])]]));
  }).not.toThrow();
});
