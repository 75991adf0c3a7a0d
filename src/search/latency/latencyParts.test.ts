import { describe, expect, it } from 'vitest';
import { graphCost, type Graph } from '../../graph/index.js';
import { parsePipeline, presets, stagesOfUnet2D } from '../../models/index.js';
import { formatStages, parseStages, stageNames, teacherStages } from '../../surgery/index.js';
import { elementCount, Random, toFloat64 } from '../../tensor/index.js';
import {
  assembledGraph,
  drawNetworks,
  endParts,
  otherParts,
  parseStageNames,
  stageParts,
} from './latencyParts.js';
import { measurementFeeds, measurementWeights } from '../quality/measurementTensors.js';

const teacher = stagesOfUnet2D({
  ...{ inChannels: 4, outChannels: 4, flipSinToCos: true, freqShift: 0 },
  ...{ blockOutChannels: [8, 16, 24, 24], layersPerBlock: [2, 2, 2, 2], heads: [2, 2, 2, 2] },
  ...{ downAttention: [true, true, true, false], upAttention: [true, true, true, false] },
  ...{ midBlock: true, normNumGroups: 4, normEps: 1e-5, crossAttentionDim: 12 },
});
const size = { batch: 2, height: 8, width: 12, contextTokens: 5 };
const parts = [
  ...endParts(teacher, size),
  ...stageNames.flatMap((stage) => stageParts(teacher, stage, size)),
];

describe('the parts of the design space', () => {
  it('are all of a network, and nothing twice', () => {
    expect(parts).toHaveLength(2 + 3 * 4 + 3 * 8);
    for (const stages of [...drawNetworks(20, Random.seeded(3)), teacherStages]) {
      const own = parts.filter(({ stage, option }) => {
        const name = stageNames.find((kept) => kept === stage);
        return name === undefined || stages[name] === option;
      });
      const costs = own.map(({ graph }) => graphCost(graph));
      const whole = graphCost(assembledGraph(teacher, stages, size));
      const sum = (key: 'parameters' | 'macs' | 'tensors'): number =>
        costs.reduce((total, cost) => total + cost[key], 0);
      expect(sum('parameters')).toBe(whole.parameters);
      expect(sum('macs')).toBe(whole.macs);
      expect(sum('tensors')).toBe(whole.tensors);
    }
  });

  it('have inputs and outputs of different names, as runtimes ask for', () => {
    for (const { graph } of parts) {
      const names = [...graph.inputs.map(({ name }) => name), ...Object.keys(graph.outputs)];
      expect(new Set(names).size).toBe(names.length);
    }
  });

  it('may be a checkpoint’s other networks', () => {
    const configs = parsePipeline(presets['sd-mini'], (component) => component);
    const others = otherParts(configs, { batch: 1, height: 4, width: 4, contextTokens: 77 });
    expect(others.map(({ stage }) => stage).sort()).toEqual(
      ['text_encoder', 'vae_decoder', 'vae_encoder'].slice(-others.length),
    );
    const decoder = others.find(({ stage }) => stage === 'vae_decoder');
    expect(decoder?.graph.outputs.sample.shape).toEqual([1, 3, 16, 16]);
  });

  it('are asked for by name', () => {
    expect(parseStageNames('all')).toEqual(stageNames);
    expect(parseStageNames('D1, E2')).toEqual(['E2', 'D1']);
    expect(() => parseStageNames('E1,E4')).toThrow(
      'expected all, or stages of E1, E2, E3, D3, D2, D1, got E4',
    );
    expect(() => parseStageNames(' ')).toThrow('got nothing');
  });
});

describe('drawNetworks', () => {
  it('gives different networks of the space, the same for a seed', () => {
    const drawn = drawNetworks(500, Random.seeded(1)).map(formatStages);
    expect(new Set(drawn).size).toBe(500);
    expect(drawn.map((text) => formatStages(parseStages(text)))).toEqual(drawn);
    expect(drawNetworks(3, Random.seeded(1)).map(formatStages)).toEqual(drawn.slice(0, 3));
    expect(() => drawNetworks(1e6, Random.seeded(1))).toThrow('expected at most 16384 networks');
  });
});

describe('weights and inputs to measure with', () => {
  const graph: Graph = assembledGraph(teacher, parseStages('RA R R R R RA'), size);

  it('are of the right size, in range', () => {
    const weights = measurementWeights(graph);
    for (const { name, shape, dtype } of graph.params) {
      const weight = weights.get(name);
      expect([weight?.dtype, weight?.shape]).toEqual([dtype, shape]);
    }
    const kernel = weights.get('down_blocks.0.resnets.0.conv1.weight');
    const numbers = kernel ? [...toFloat64(kernel)] : [];
    expect(numbers).toHaveLength(8 * 8 * 9);
    const square = numbers.reduce((sum, x) => sum + x ** 2, 0) / (8 * 8 * 9);
    // A uniform distribution within 1 / sqrt(72).
    expect(square * 72 * 3).toBeGreaterThan(0.8);
    expect(square * 72 * 3).toBeLessThan(1.2);
    const norm = weights.get('down_blocks.0.resnets.0.norm1.weight');
    expect(norm && [...toFloat64(norm)]).toEqual(new Array(8).fill(1));
  });

  it('feed every input', () => {
    const feeds = measurementFeeds(graph);
    for (const { name, shape } of graph.inputs) {
      expect(feeds[name].shape).toEqual(shape);
      expect(feeds[name].data).toHaveLength(elementCount(shape));
    }
    expect([...toFloat64(feeds.timestep)]).toEqual([500, 500]);
  });
});
