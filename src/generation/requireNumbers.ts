/**
 * Checks what a network has put out, which would otherwise become a black picture.
 * @throws RangeError naming the network when an element is NaN or infinite.
 */
export function requireNumbers(output: Float32Array, network: string): void {
  if (output.every(Number.isFinite)) return;
  throw new RangeError(
    `expected numbers from ${network}, got NaN or infinity: its weights are damaged, or the precision ` +
      'is too low for them',
  );
}
