import { describe, expect, it } from 'vitest';
import { fitLine, median, pearson, quantile, ranks, spearman } from './statistics.js';

describe('statistics', () => {
  it('give quantiles as NumPy does', () => {
    expect(quantile([4, 1, 3, 2], 0.25)).toBe(1.75);
    expect(quantile([15, 20, 35, 40, 50], 0.4)).toBeCloseTo(29, 12);
    expect([0, 1].map((share) => quantile([3, 9, 5], share))).toEqual([3, 9]);
    expect([median([7]), median([1, 2, 10, 3])]).toEqual([7, 2.5]);
    expect(() => median([])).toThrow('expected at least one number, got none');
  });

  it('give ranks as scipy.stats.rankdata does', () => {
    expect(ranks([0, 2, 3, 2])).toEqual([1, 2.5, 4, 2.5]);
    expect(ranks([5, 5, 5])).toEqual([2, 2, 2]);
    expect(ranks([])).toEqual([]);
  });

  it("give Spearman's coefficient of published examples", () => {
    // IQ and hours of television of ten people: -29/165 (Wikipedia, "Spearman's rank correlation coefficient").
    const iq = [106, 100, 86, 101, 99, 103, 97, 113, 112, 110];
    const hours = [7, 27, 2, 50, 28, 29, 20, 12, 6, 17];
    expect(spearman(iq, hours)).toBeCloseTo(-29 / 165, 12);
    // The example of scipy.stats.spearmanr, with a tie.
    expect(spearman([1, 2, 3, 4, 5], [5, 6, 7, 8, 7])).toBeCloseTo(0.8207826816681233, 12);
    expect(spearman([1, 2, 3], [1, 8, 27])).toBe(1);
    expect(spearman([1, 1, 1], [1, 2, 3])).toBeNaN();
    expect(() => spearman([1], [1, 2])).toThrow('expected lists of one length, got 1 and 2');
  });

  it("give the line and Pearson's coefficient of Anscombe's first set", () => {
    const x = [10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5];
    const y = [8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68];
    const { slope, intercept } = fitLine(x, y);
    expect([slope, intercept]).toEqual([expect.closeTo(0.5, 3), expect.closeTo(3, 3)]);
    expect(pearson(x, y)).toBeCloseTo(0.816, 3);
  });
});
