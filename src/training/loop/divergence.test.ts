import { describe, expect, it } from 'vitest';
import { Random } from '../../tensor/index.js';
import { createDivergenceWatch } from './divergence.js';

function hear(losses: readonly number[]) {
  const watch = createDivergenceWatch();
  losses.forEach((loss, i) => watch.hear(i + 1, loss));
  return watch;
}
const many = (count: number, loss: (i: number) => number): number[] =>
  Array.from({ length: count }, (_, i) => loss(i));

describe('a loss', () => {
  it('that explodes at once is told from the first that was good', () => {
    const watch = createDivergenceWatch();
    watch.hear(1, 0.1);
    expect([watch.isDoubtful, watch.lastGood]).toEqual([false, 1]);
    for (const step of [2, 3, 4, 5]) watch.hear(step, 10 ** (2 * step));
    expect([watch.isDoubtful, watch.lastGood]).toEqual([true, 1]);
    expect(() => watch.hear(6, 7e28)).toThrow(
      'expected a loss like the 0.100 of before, got 7.00e+28 in step 6: the run has diverged; a lower learning_rate',
    );
  });

  it('that explodes late is told from the hundred before', () => {
    const watch = hear([...many(500, () => 0.02), ...many(4, () => 50)]);
    expect(watch.lastGood).toBe(500);
    expect(() => watch.hear(505, 50)).toThrow(/of before, got 50\.0 in step 505/);
  });

  it('may be high now and then', () => {
    const watch = hear(many(1000, (i) => (i % 7 < 4 ? 1e6 : 0.02)));
    expect(watch.lastGood).toBe(1000);
  });

  it('of heavy tails is no explosion', () => {
    const random = Random.seeded(1);
    hear(many(20_000, () => 0.05 * Math.exp(3 * random.normals(1)[0])));
  });

  it('may begin at nothing, as that of a student that is its teacher', () => {
    hear([0, 0, 0, ...many(200, (i) => Math.min(3, 1e-6 * 10 ** i))]);
  });

  it('in decibels explodes, too', () => {
    const watch = hear(many(300, (i) => -20 - 10 * Math.sin(i)));
    const explode = () => many(5, (i) => 40 + i).forEach((loss, i) => watch.hear(301 + i, loss));
    expect(explode).toThrow(/got 44\.0 in step 305/);
  });

  it('that falls from a wild beginning is none', () => {
    hear(many(400, (i) => 1e6 * 0.9 ** i));
  });
});
