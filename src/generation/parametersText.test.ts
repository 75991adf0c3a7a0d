import { expect, it } from 'vitest';
import { parametersText } from './parametersText.js';

const parameters = {
  prompt: 'a cat',
  negativePrompt: '',
  steps: 20,
  scheduler: 'pndm',
  guidanceScale: 7.5,
  seed: 1,
  width: 512,
  height: 384,
  model: 'sd15',
  strength: null,
} as const;

it('says what a picture was made with, as other programs do', () => {
  expect(parametersText(parameters)).toBe(
    'a cat\nSteps: 20, Sampler: PLMS, CFG scale: 7.5, Seed: 1, Size: 512x384, Model: sd15',
  );
  const more = {
    negativePrompt: 'blurry',
    scheduler: 'dpm++',
    model: 'a, b',
    strength: 0.6,
  } as const;
  expect(parametersText({ ...parameters, ...more })).toBe(
    'a cat\nNegative prompt: blurry\nSteps: 20, Sampler: DPM++ 2M, CFG scale: 7.5, Seed: 1, Size: 512x384, ' +
      'Model: "a, b", Denoising strength: 0.6',
  );
});
