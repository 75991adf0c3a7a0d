import { rewriteGraph, type Graph } from '../graph/index.js';
import { elementCount } from '../tensor/index.js';
import { plainConvs } from './plainConv.js';
import { PATCH } from './winogradMatrices.js';
import { winogradRowsConv } from './winogradRows.js';

/** With fewer channels in or out, transforming costs what the multiplications would that it saves. */
const FEWEST_CHANNELS = 32;
/** On smaller maps there is nothing to gain either. */
const FEWEST_CELLS = 32 * 32;
/** Of the rows that are transformed at a time, for the sake of memory: a page may have 4 GiB. */
const STRIP_BYTES = 6e6;

/**
 * The graph as ONNX Runtime's WebAssembly computes it fastest: multiplications are so dear there that 3x3
 * convolutions with weights that stay take two thirds of the time in Winograd's form down the columns. Those
 * of enlarged maps are left to `foldUpsampling`, which saves more. Results differ by a few rounding errors.
 */
export function wasmGraph(graph: Graph): Graph {
  const plainConv = plainConvs(graph);
  return rewriteGraph(graph, (b, node, valueOf) => {
    const found = plainConv(node);
    if (!found || found.small) return null;
    const { x, weight, bias } = found;
    const [n, channels, h, w] = x.shape;
    if (Math.min(channels, weight.shape[0]) < FEWEST_CHANNELS || h * w < FEWEST_CELLS) return null;
    const rowBytes = elementCount([PATCH, n, channels, w]) * 4;
    const tileRows = Math.max(1, Math.floor(STRIP_BYTES / rowBytes));
    return winogradRowsConv(b, valueOf(x), valueOf(weight), bias && valueOf(bias), tileRows);
  });
}
