import { describe, expect, it } from 'vitest';
import {
  gaussianKernel,
  generalizedGaussianKernel,
  padKernel,
  plateauKernel,
  sincKernel,
  type BlurKernel,
} from './kernels.js';

const ellipse = { sigmaX: 2, sigmaY: 0.8, rotation: 0.4 };

function sum({ weights }: BlurKernel): number {
  return weights.reduce((total, weight) => total + weight, 0);
}

/** The standard deviation along x and y. */
function deviations({ size, weights }: BlurKernel): [number, number] {
  let [alongX, alongY] = [0, 0];
  weights.forEach((weight, i) => {
    alongX += weight * ((i % size) - (size - 1) / 2) ** 2;
    alongY += weight * (Math.floor(i / size) - (size - 1) / 2) ** 2;
  });
  return [Math.sqrt(alongX), Math.sqrt(alongY)];
}

it('every kernel sums to 1 and is the same upside down', () => {
  const kernels = [
    gaussianKernel(15, ellipse),
    generalizedGaussianKernel(15, ellipse, 1.5),
    plateauKernel(15, ellipse, 1.5),
    sincKernel(15, 1.2),
  ];
  for (const kernel of kernels) {
    expect(sum(kernel)).toBeCloseTo(1, 12);
    const reversed = [...kernel.weights].reverse();
    reversed.forEach((weight, i) => {
      expect(weight).toBeCloseTo(kernel.weights[i], 14);
    });
  }
});

it('sigmas are standard deviations in pixels, along x and y until rotated', () => {
  const upright = gaussianKernel(31, { sigmaX: 3, sigmaY: 1.5, rotation: 0 });
  expect(deviations(upright)[0]).toBeCloseTo(3, 2);
  expect(deviations(upright)[1]).toBeCloseTo(1.5, 6);
  const turned = gaussianKernel(31, { sigmaX: 3, sigmaY: 1.5, rotation: Math.PI / 2 });
  expect(deviations(turned)[0]).toBeCloseTo(1.5, 6);
});

it('the generalised Gaussian of exponent 1 is the Gaussian', () => {
  const generalized = generalizedGaussianKernel(9, ellipse, 1);
  expect(generalized.weights).toEqual(gaussianKernel(9, ellipse).weights);
});

it('the low pass rings', () => {
  expect(Math.min(...sincKernel(21, 1.5).weights)).toBeLessThan(0);
});

describe('sizes', () => {
  it('grow by zeros around the kernel', () => {
    const padded = padKernel(sincKernel(3, 1), 7);
    expect(sum(padded)).toBeCloseTo(1, 12);
    expect(padded.weights[24]).toBe(sincKernel(3, 1).weights[4]);
    expect(padded.weights[8]).toBe(0);
  });

  it('are odd', () => {
    expect(() => gaussianKernel(4, ellipse)).toThrow('expected an odd kernel size, got 4');
    expect(() => padKernel(sincKernel(5, 1), 3)).toThrow(
      'expected a kernel size of 5 or more, got 3',
    );
    expect(() => gaussianKernel(3, { ...ellipse, sigmaY: 0 })).toThrow(
      'expected blur sigmas above 0, got 2 and 0',
    );
  });
});
