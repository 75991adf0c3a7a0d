import { format } from 'prettier';
import { describe, expect, it } from 'vitest';
import { restorerConfigSchema } from '../../models/index.js';
import { describeRestorer } from './modelDescription.js';
import { modelCard, type ModelFacts } from './modelCard.js';

const facts: ModelFacts = {
  name: 'sr-x4',
  model: {
    ...describeRestorer(
      restorerConfigSchema.parse({
        _class_name: 'OneStepRestorer',
        scale: 4,
        base_channels: 8,
        encoder_layers: 1,
        decoder_layers: 1,
        block_out_channels: [8],
        layers_per_block: [1],
      }),
    ),
    parameters: 1234567,
    gmac: 1.23456,
  },
  precision: 'float16',
  weightBytes: 2_470_000,
  comparison: [],
  scores: { set5: { psnrY: 31.4567, images: 5 }, set14: { psnrY: 28.1, images: 14 } },
  training: {
    steps: 20_000,
    hours: 3.14159,
    samples: 320_000,
    loss: 0.0123456,
    command: 'nanosd train configs/sr-x4.yaml',
    config: 'steps: 20000\nloss: [{ kind: l1 }]\n',
  },
  origins: [
    { place: 'b/photos@1234', licence: 'CC0', photograph: 'lake at_dawn.jpg' },
    { place: 'a/wallpapers@abcd', licence: 'CC-BY-4.0 | by whom', photograph: 'z*.png' },
    { place: 'b/photos@1234', licence: 'CC0', photograph: 'lake at_dawn.jpg' },
    { place: 'b/photos@1234', licence: 'CC0', photograph: 'hill.jpg' },
  ],
};

describe('a model card', () => {
  it('says what the run and the files say', () => {
    const card = modelCard(facts);
    for (const line of [
      '# sr-x4',
      '- 1,234,567 parameters, stored as float16 (2.47 MB)',
      '- 1.23 GMAC for an input of 128 x 128',
      '| set5  | 5        | 31.46       |',
      '| set14 | 14       | 28.10       |',
      '- 20,000 updates on 320,000 crops, 3.1 hours',
      '- loss 0.01235 (mean of the last 100 updates)',
      'nanosd train configs/sr-x4.yaml',
      'nanosd restore photo.jpg -m . -o restored.png -t sr -s 4',
      'loss: [{ kind: l1 }]',
      '4 files, parts of 3 photographs.',
      '| b/photos@1234     | CC0                  | 2           | 3     |',
      '### a/wallpapers@abcd (CC-BY-4.0 | by whom)',
      '- `lake at_dawn.jpg`',
    ]) {
      expect(card.split('\n')).toContain(line);
    }
  });

  it('is formatted as the repository wants it', async () => {
    const card = modelCard(facts);
    const style = { parser: 'markdown', printWidth: 100, singleQuote: true };
    expect(await format(card, style)).toBe(card);
  });

  it('says so where nothing was measured or logged', () => {
    const card = modelCard({
      ...facts,
      scores: {},
      training: { ...facts.training, loss: null },
    });
    expect(card).toContain('Not measured.');
    expect(card).not.toContain('loss null');
  });
});
