// The text encoder's outputs and hidden states against a case of kind `clip_text_encoder`.

import { join } from 'node:path';
import { z } from 'zod';
import { GraphBuilder, type Graph } from '../../src/graph/index.js';
import {
  clipText,
  clipTextConfig,
  clipTextConfigSchema,
  clipTextIgnoredKeys,
  clipTextStates,
  parseConfig,
  type ClipTextConfig,
} from '../../src/models/index.js';
import { graphCost } from '../../src/graph/index.js';
import { matchWeights } from '../../src/weights/index.js';
import { readSafetensorsFile } from '../../src/weights/safetensors-node.js';
import { requireTensor, type Check } from './check.js';
import { relativeErrors, relativeToleranceSchema } from './relativeError.js';
import { runWithTaps } from './runGraph.js';

const caseSchema = z.object({
  config: z.unknown(),
  files: z.object({ weights: z.string(), io: z.string() }),
  inputs: z.tuple([z.literal('input_ids')]),
  outputs: z.array(z.string()),
  num_parameters: z.int(),
  tolerance: relativeToleranceSchema,
});

export async function checkClipText(directory: string, caseJson: unknown): Promise<Check[]> {
  const { files, inputs, outputs, tolerance, ...rest } = caseSchema.parse(caseJson);
  const config = clipTextConfig(parseConfig(clipTextConfigSchema, rest.config, 'config'));
  const { tensors: io } = await readSafetensorsFile(join(directory, files.io));
  const stored = (await readSafetensorsFile(join(directory, files.weights))).tensors;
  const weights = new Map([...stored].filter(([name]) => !clipTextIgnoredKeys.includes(name)));
  const ids = requireTensor(io, inputs[0]);
  const [batch, tokens] = ids.shape;
  const network = clipText(config, { batch, tokens });
  matchWeights(network.params, weights);

  const results = {
    ...(await runWithTaps(network, weights, { input_ids: ids })),
    ...(await runWithTaps(hiddenStates(config, batch, tokens), weights, { input_ids: ids })),
  };
  const skipped = clipText(config, { batch, tokens, clipSkip: 2 });
  const { last_hidden_state: beforeLast } = await runWithTaps(skipped, weights, { input_ids: ids });
  const parameters = {
    name: 'parameters',
    error: Math.abs(graphCost(network).parameters - rest.num_parameters),
    tolerance: 0,
  };
  return [
    parameters,
    ...outputs.flatMap((name): Check[] => {
      const actual = name === 'clip_skip2_normed' ? beforeLast : results[name];
      if (!actual) return [{ name, skipped: 'no such output here' }];
      return relativeErrors(name, actual, requireTensor(io, name), tolerance);
    }),
  ];
}

/** The network with the embeddings and each layer's result as outputs. */
function hiddenStates(config: ClipTextConfig, batch: number, tokens: number): Graph {
  const b = new GraphBuilder();
  const ids = b.input('input_ids', [batch, tokens], 'int64');
  const states = clipTextStates(b, config, ids).hiddenStates;
  return b.build(Object.fromEntries(states.map((value, i) => [`hidden_states.${i}`, value])));
}
