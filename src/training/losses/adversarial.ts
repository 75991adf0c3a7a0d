import type { GraphBuilder, Value } from '../../graph/index.js';

/** Scalars. */
export interface AdversarialLosses {
  readonly generator: Value;
  readonly discriminator: Value;
}

export type AdversarialKind = 'hinge' | 'relativistic';

/**
 * The losses of both players, of a discriminator's answers to real and to made pictures. `hinge`: real above 1, made below -1 (Lim and Ye
 * 2017). `relativistic`: real above the mean of made, made below the mean of real, by cross-entropy; the generator wants the reverse
 * (Jolicoeur-Martineau 2018; ESRGAN).
 */
export function adversarialLosses(
  b: GraphBuilder,
  kind: AdversarialKind,
  { real, made }: { readonly real: Value; readonly made: Value },
): AdversarialLosses {
  if (kind === 'hinge') {
    const below = mean(b, b.relu(b.shift(b.neg(real), 1)));
    return {
      generator: b.neg(mean(b, made)),
      discriminator: b.add(below, mean(b, b.relu(b.shift(made, 1)))),
    };
  }
  const realAbove = b.sub(real, mean(b, made));
  const madeAbove = b.sub(made, mean(b, real));
  const half = (first: Value, second: Value): Value =>
    b.scale(b.add(mean(b, softplus(b, first)), mean(b, softplus(b, second))), 0.5);
  return {
    generator: half(realAbove, b.neg(madeAbove)),
    discriminator: half(b.neg(realAbove), madeAbove),
  };
}

function mean(b: GraphBuilder, x: Value): Value {
  return b.reshape(
    b.reduceMean(
      x,
      x.shape.map((_, axis) => axis),
    ),
    [],
  );
}

/** log(1 + exp(x)), for large x too. */
function softplus(b: GraphBuilder, x: Value): Value {
  const decayed = b.apply('exp', [b.neg(b.apply('abs', [x], {}))], {});
  return b.add(b.relu(x), b.apply('log', [b.shift(decayed, 1)], {}));
}
