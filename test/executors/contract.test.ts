import { fileURLToPath } from 'node:url';
import { createInterpreter } from '../../src/graph/index.js';
import type * as Node from '../../src/node.js';
import { createNodeExecutor } from '../../src/runtime/ort-node.js';
import { describeExecutor } from './contract.js';
import { describeOperators } from './operatorContract.js';
import { describeTrainingStep } from './trainingStep.js';

/** A thread starts from compiled code. */
const built = fileURLToPath(new URL('../../dist/src/node.js', import.meta.url));
const { createWorkerExecutor } = (await import(built)) as typeof Node;

describeExecutor('interpreter', () => Promise.resolve(createInterpreter()));

describeExecutor('onnxruntime-node', () => Promise.resolve(createNodeExecutor()));
describeOperators('onnxruntime-node', () => Promise.resolve(createNodeExecutor()));
describeTrainingStep('onnxruntime-node', () => Promise.resolve(createNodeExecutor()));

describeExecutor('onnxruntime-node in a thread', () => Promise.resolve(createWorkerExecutor()));
