import type { GraphBuilder } from './builder.js';
import type { Value } from './ir.js';

/**
 * The gradient where a ReLU let its operand through. By the result rather than the operand, so that the operand need
 * not be kept; and by casts, because ONNX Runtime's comparison takes a tenth longer, its Where a third and its Sign
 * twice as long.
 */
export function whereReached(b: GraphBuilder, output: Value, dy: Value): Value {
  const reached = b.apply('cast', [output], { to: 'bool' });
  return b.mul(dy, b.apply('cast', [reached], { to: dy.dtype }));
}
