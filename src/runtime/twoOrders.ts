import type { GraphBuilder, Value } from '../graph/index.js';

/**
 * Where the values of a graph are in another that is built from it: in the order `[N, C, H, W]`, in blocks of channels
 * (`blockChannels`), or in both. What is asked for in an order that it does not have yet is put into it, once.
 */
export class TwoOrders {
  private readonly plain = new Map<number, Value>();
  private readonly blocked = new Map<number, Value>();

  constructor(
    private readonly b: GraphBuilder,
    private readonly blockSize: number,
  ) {}

  setPlain({ id }: Value, moved: Value): void {
    this.plain.set(id, moved);
  }

  setBlocked({ id }: Value, moved: Value): void {
    this.blocked.set(id, moved);
  }

  hasBlocked({ id }: Value): boolean {
    return this.blocked.has(id);
  }

  /** Whether a value can be in blocks at all. */
  fits({ shape }: Value): boolean {
    return shape.length === 4 && shape[1] % this.blockSize === 0;
  }

  plainOf({ id }: Value): Value {
    const found = this.plain.get(id);
    if (found) return found;
    const plain = this.unblocked(this.known(this.blocked, id), 'channelsFirst');
    this.plain.set(id, plain);
    return plain;
  }

  blockedOf({ id }: Value): Value {
    const found = this.blocked.get(id);
    if (found) return found;
    const { b, blockSize } = this;
    const blocked = b.apply('blockChannels', [this.known(this.plain, id)], { blockSize });
    this.blocked.set(id, blocked);
    return blocked;
  }

  /** `[N, H, W, C]`. */
  channelsLastOf({ id }: Value): Value {
    const blocked = this.blocked.get(id);
    return blocked
      ? this.unblocked(blocked, 'channelsLast')
      : this.b.transpose(this.known(this.plain, id), [0, 2, 3, 1]);
  }

  private unblocked(blocked: Value, to: 'channelsFirst' | 'channelsLast'): Value {
    const { b, blockSize } = this;
    if (blocked.dtype === 'float32')
      return b.apply('unblockChannels', [blocked], { blockSize, to });
    // Kernels for blocks move float32 alone; a condition is exact in it.
    const numbers = b.apply('cast', [blocked], { to: 'float32' });
    return b.apply('cast', [this.unblocked(numbers, to)], { to: blocked.dtype });
  }

  private known(values: ReadonlyMap<number, Value>, id: number): Value {
    const value = values.get(id);
    if (!value) throw new Error(`expected %${id} to be defined before it is used`);
    return value;
  }
}
