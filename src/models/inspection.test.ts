import { expect, it } from 'vitest';
import { inspectRestorer } from './inspection.js';

it('counts what each stage of a restorer holds and computes', () => {
  const report = inspectRestorer(
    {
      scale: 2,
      inChannels: 3,
      baseChannels: 8,
      encoderLayers: 0,
      decoderLayers: 0,
      blockOutChannels: [16],
      layersPerBlock: [0],
      actFn: 'relu',
    },
    { width: 9, height: 6 },
  );
  // Counted by hand: 3x3 convolutions 3 -> 8, 8 -> 16 at half size, 8 -> 12; 1x1 16 -> 32 and 8 -> 8; and the
  // picture's enlargement, a 1x1 convolution 3 -> 12 without weights.
  const pixels = 10 * 6;
  expect(report.input).toEqual({ width: 10, height: 6 });
  const stages = [
    { name: 'encoder', parameters: 224, tensors: 2, gmac: (216 * pixels) / 1e9 },
    { name: 'unet', parameters: 1712, tensors: 4, gmac: ((1152 + 512) * pixels) / 4 / 1e9 },
    { name: 'decoder', parameters: 948, tensors: 4, gmac: ((64 + 864 + 36) * pixels) / 1e9 },
  ];
  expect(report.stages).toEqual(
    stages.map((stage) => ({ ...stage, gmac: expect.closeTo(stage.gmac, 12) as number })),
  );
  expect(report.total).toMatchObject({ parameters: 2884, tensors: 10 });
  expect(report.total.gmac).toBeCloseTo((216 + 416 + 964) * pixels * 1e-9, 12);
  expect(report.total.activationPeakBytes).toBeGreaterThan(8 * pixels * 4);
});
