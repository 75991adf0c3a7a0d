// What ONNX Runtime 1.30 cannot do on WebGPU, in a page and in Node alike, and what it gets wrong.
import type { ContractOptions } from './contract.js';
import type { OperatorOptions } from './operatorContract.js';

/** WGSL bounds the error of `sin` and `cos` by 2^-11, and a driver may use all of it. */
const trigonometric = 2 ** -11;

export const webGpuOperators: OperatorOptions = {
  tolerances: { sin: trigonometric, cos: trigonometric },
  withoutKernel: {
    'sign: elementwise': 'sign float32 -> float32',
    'round: elementwise': 'round float32 -> float32',
    // WGSL has no 64-bit integers.
    'cast: int64 to float32': 'cast int64 -> float32',
    'add: int64': 'add int64, int64 -> int64',
    'div: int64 truncates': 'div int64, int64 -> int64',
    'less: broadcast, int64': 'less int64, int64 -> bool',
    'greater: broadcast, int64': 'greater int64, int64 -> bool',
    'equal: broadcast, int64': 'equal int64, int64 -> bool',
    // No SpaceToDepth; no ScatterND that adds.
    'spaceToDepth: blocks of 2': 'spaceToDepth float32 -> float32',
    'spaceToDepth: blocks of 3': 'spaceToDepth float32 -> float32',
    'scatterAdd: rows': 'scatterAdd int64, float32 -> float32',
    'scatterAdd: 2-D indices': 'scatterAdd int64, float32 -> float32',
    'scatterAdd: one row': 'scatterAdd int64, float32 -> float32',
  },
  broken: {
    'slice: reversed part': 'a negative step begins at the last element, wherever it should begin',
    'pow: right broadcast': 'rows of a multiple of 4 against a column: the shader does not compile',
    'cast: float32 to float16': 'SwiftShader has no shader-f16',
  },
};

export const webGpuContract: ContractOptions = {
  dtypes: ['float32', 'int32'],
  checksIndices: false,
};
