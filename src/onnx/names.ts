/** Unique names of one ONNX graph: those that were there before, and fresh ones such as `conv_3`. */
export class Names {
  private readonly taken: Set<string>;
  private readonly counts = new Map<string, number>();

  constructor(taken: Iterable<string>) {
    this.taken = new Set(taken);
  }

  /** A name that nothing has yet: the stem and a number. */
  fresh(stem: string): string {
    for (;;) {
      const count = this.counts.get(stem) ?? 0;
      this.counts.set(stem, count + 1);
      const name = `${stem}_${count}`;
      if (this.taken.has(name)) continue;
      this.taken.add(name);
      return name;
    }
  }
}

/** The name of an ONNX operator as we write those of ours: `LayerNormalization` -> `layerNormalization`. */
export function lowerFirst(opType: string): string {
  return opType.charAt(0).toLowerCase() + opType.slice(1);
}
