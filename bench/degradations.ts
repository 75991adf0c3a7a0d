// What a crop of 192x192 takes of one core, preset by preset: the part of a training step's data that is not decoding.
import { createImage, degradePair, Random, type DegradationPreset } from 'nanosd';
import { sharpCodec } from 'nanosd/node';
import sharp from 'sharp';
import { scene } from './scene.js';

const presets: readonly DegradationPreset[] = ['realesrgan', 'camera', 'web', 'shake', 'mixed'];
const side = 192;
const warmUp = 60;
const crops = 300;

/** Prints ms of CPU a crop, for scale 4 and for scale 1. */
export async function benchDegradations(): Promise<void> {
  sharp.concurrency(1);
  sharp.cache(false);
  const photo = scene(side, side);
  const crop = createImage(side, side, 3, photo.data);
  console.log(
    `degrading, ms of one core a crop of ${side}x${side} (the whole process, ${crops} crops)`,
  );
  for (const name of presets) {
    const costs: string[] = [];
    for (const scale of [4, 1]) {
      const degrade = (i: number) =>
        degradePair(crop, { kind: 'preset', name, strength: 1 }, Random.seeded(1, i), {
          ...{ scale, codec: sharpCodec },
        });
      for (let i = 0; i < warmUp; i++) await degrade(i);
      const usage = process.cpuUsage();
      for (let i = 0; i < crops; i++) await degrade(warmUp + i);
      const { user, system } = process.cpuUsage(usage);
      costs.push(`x${scale} ${((user + system) / 1000 / crops).toFixed(1)}`);
    }
    console.log(`${name.padEnd(10)}  ${costs.join('  ')}`);
  }
}
