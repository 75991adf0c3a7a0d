/**
 * The matrix `[outLength, inLength]` that resampling one axis multiplies by.
 * Nearest: source = floor(i * in / out). Linear: half-pixel centres, edges clamped.
 */
export function interpolationMatrix(
  mode: 'nearest' | 'linear',
  inLength: number,
  outLength: number,
): Float64Array {
  const matrix = new Float64Array(outLength * inLength);
  for (let i = 0; i < outLength; i++) {
    if (mode === 'nearest') {
      matrix[i * inLength + Math.floor((i * inLength) / outLength)] = 1;
      continue;
    }
    const center = ((i + 0.5) * inLength) / outLength - 0.5;
    const clamped = Math.min(Math.max(center, 0), inLength - 1);
    const left = Math.floor(clamped);
    const right = Math.min(left + 1, inLength - 1);
    matrix[i * inLength + left] += 1 - (clamped - left);
    matrix[i * inLength + right] += clamped - left;
  }
  return matrix;
}
