import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInterpreter, evaluateGraph, GraphBuilder } from '../../graph/index.js';
import type { FeatureMaps } from '../../models/index.js';
import { writeOnnxModel } from '../../onnx/file-node.js';
import { createNodeExecutor } from '../../runtime/ort-node.js';
import { Random, tensor, toFloat32, toFloat64, type Tensor } from '../../tensor/index.js';
import { readSafetensorsFile } from '../../weights/safetensors-node.js';
import { openFeatureMaps } from '../featureNetwork-node.js';
import { createImage, type Image } from '../image.js';
import { createPerceptualMetric } from './perceptual.js';

const squeezenet = new URL('../../../../shared/teachers/squeezenet1.1/', import.meta.url).pathname;

describe.skipIf(!existsSync(squeezenet))('SQZ (skipped where its goldens are absent)', () => {
  const golden = async (): Promise<(key: string) => Tensor> => {
    const { tensors } = await readSafetensorsFile(join(squeezenet, 'golden.safetensors'));
    return (key) => {
      const found = tensors.get(key);
      if (!found) throw new Error(`expected ${key}, got none`);
      return found;
    };
  };
  const imageOf = (value: Tensor): Image => {
    const [height, width] = value.shape.slice(-2);
    return createImage(width, height, 3, toFloat32(value));
  };

  it('is the distance of the goldens', async () => {
    const get = await golden();
    const features = await openFeatureMaps(squeezenet);
    await using metric = createPerceptualMetric(createNodeExecutor(), features);
    for (const name of ['blur', 'noise', 'jpeg']) {
      const distance = await metric.distance(imageOf(get('input')), imageOf(get(name)));
      const [expected] = toFloat64(get(`${name}.distance`));
      expect(Math.abs(distance / expected - 1)).toBeLessThan(1e-5);
    }
    expect(await metric.distance(imageOf(get('jpeg')), imageOf(get('jpeg')))).toBe(0);
  });

  it('compares the maps of the goldens', async () => {
    const get = await golden();
    const features = await openFeatureMaps(squeezenet);
    const b = new GraphBuilder();
    const { width, height, data } = imageOf(get('input'));
    const maps = features(b, b.input('picture', [1, 3, height, width]));
    const graph = b.build(Object.fromEntries(maps.map((map, i) => [String(i), map])));
    const results = evaluateGraph(graph, { picture: Float64Array.from(data) });
    for (const [i, layer] of [1, 4, 7, 9, 10, 11, 12].entries()) {
      const expected = toFloat64(get(`features.${layer}`));
      const largest = expected.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
      const worst = expected.reduce((most, x, at) => {
        return Math.max(most, Math.abs(x - results[String(i)][at]));
      }, 0);
      expect(worst / largest).toBeLessThan(1e-5);
    }
  });

  it('refuses pictures that leave its last maps no cell', async () => {
    const features = await openFeatureMaps(squeezenet);
    await using metric = createPerceptualMetric(createInterpreter(), features);
    const small = createImage(16, 40, 3);
    await expect(metric.distance(small, small)).rejects.toThrow(
      'expected at least 17 pixels a side for SqueezeNet, got 16x40',
    );
    const least = createImage(17, 17, 3);
    expect(await metric.distance(least, least)).toBe(0);
  });
});

describe('a feature network of ONNX', () => {
  let folder: string;
  const random = Random.seeded(5);
  const weights = new Map([
    ['first', tensor('float32', [4, 3, 3, 3], random.normals(108))],
    ['second', tensor('float32', [5, 4, 3, 3], random.normals(180))],
    ['classes', tensor('float32', [5, 7], random.normals(35))],
  ]);
  const weightOf = (name: string): Tensor => {
    const found = weights.get(name);
    if (!found) throw new Error(`expected ${name}, got none`);
    return found;
  };
  const layers: FeatureMaps = (b, picture) => {
    const first = b.relu(
      b.conv(picture, b.param('first', [4, 3, 3, 3]), null, { strides: [2, 2] }),
    );
    return [first, b.relu(b.conv(first, b.param('second', [5, 4, 3, 3]), null))];
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nanosd-features-'));
    const b = new GraphBuilder();
    const [first, second] = layers(b, b.input('picture', [1, 3, 32, 32]));
    const means = b.reshape(b.reduceMean(second, [2, 3]), [1, 5]);
    const classes = b.matmul(means, b.param('classes', [5, 7]));
    await writeOnnxModel(join(folder, 'net.onnx'), b.build({ first, second, classes }), weights);
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('gives the distance of its named maps', async () => {
    const features = await openFeatureMaps(join(folder, 'net.onnx'), ['second']);
    await using metric = createPerceptualMetric(createInterpreter(), features);
    const draw = (): Image => createImage(32, 32, 3, random.normals(3072).map(Math.abs));
    const [one, other] = [draw(), draw()];
    const b = new GraphBuilder();
    const maps = layers(b, b.input('picture', [1, 3, 32, 32]));
    const graph = b.build({ map: maps[1] });
    const kernels = Object.fromEntries(graph.params.map(({ name }) => [name, weightOf(name)]));
    const [x, y] = [one, other].map(
      ({ data }) => evaluateGraph(graph, { picture: Float64Array.from(data), ...kernels }).map,
    );
    const cells = x.length / 5;
    let expected = 0;
    for (let cell = 0; cell < cells; cell++) {
      const lengths = [x, y].map((map) => {
        let squares = 0;
        for (let c = 0; c < 5; c++) squares += map[c * cells + cell] ** 2;
        return Math.sqrt(squares + 1e-10);
      });
      for (let c = 0; c < 5; c++) {
        const at = c * cells + cell;
        expected += (x[at] / lengths[0] - y[at] / lengths[1]) ** 2 / cells;
      }
    }
    expect(await metric.distance(one, other)).toBeCloseTo(expected, 5);
  });

  it('says in a line what is not there', async () => {
    const path = join(folder, 'net.onnx');
    await expect(openFeatureMaps(path, ['second', 'conv5_3', 'pool9'])).rejects.toThrow(
      `${path}: expected results named conv5_3, pool9, got a model without them (its outputs: first, second, classes)`,
    );
    await expect(openFeatureMaps(path)).rejects.toThrow(
      `${path}: expected classes to be maps [N, C, h, w], got [1, 7]`,
    );
    await expect(openFeatureMaps(join(folder, 'none.onnx'))).rejects.toThrow(
      `${join(folder, 'none.onnx')}: no such file or folder`,
    );
    await expect(openFeatureMaps(folder)).rejects.toThrow(
      `${folder}: expected an ONNX model or model.safetensors, got neither`,
    );
  });
});
