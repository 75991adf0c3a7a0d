import type { Tensor, Weights } from '../tensor/index.js';

/**
 * A restorer's weights without one residual block of a row of them (`unet.down_blocks.0.resnets.1`); those that follow it move up by one. A block
 * adds to what it is given, so what is left computes the same but for what this block added.
 * @throws Error naming the blocks that there are when there is none of that name.
 */
export function removeBlock(weights: Weights, block: string): Weights {
  const [, row, number] = /^(.*\.)(\d+)$/.exec(block) ?? [];
  const blocks = new Set([...weights.keys()].flatMap((name) => residualBlock(name) ?? []));
  if (!blocks.has(block)) {
    throw new Error(`expected one of ${[...blocks].join(', ')}, got ${block}`);
  }
  const left = new Map<string, Tensor>();
  for (const [name, held] of weights) {
    const own = residualBlock(name);
    if (own === block) continue;
    const place = own?.startsWith(row) ? Number(own.slice(row.length)) : -1;
    const moves = place > Number(number);
    left.set(moves ? `${row}${place - 1}${name.slice(own?.length)}` : name, held);
  }
  return left;
}

/** The residual block that a parameter belongs to (`decoder.layers.1` for `decoder.layers.1.conv2.bias`), or null. */
export function residualBlock(name: string): string | null {
  return /^.*\.(?:layers|resnets)\.\d+(?=\.)/.exec(name)?.[0] ?? null;
}
