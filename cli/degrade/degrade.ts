import type { Command } from 'commander';
import { parseCount, parseNumber, parseSeed } from '../terminal/arguments.js';
import { UsageError } from '../terminal/failures.js';
import { interruptible } from '../terminal/interrupt.js';
import type { DegradeFlags } from './degradeRun.js';

export function defineDegrade(command: Command): void {
  command
    .argument('<photos...>', 'photographs, or folders of them')
    .requiredOption('-o, --output <folder>', 'a folder for the pairs: HR/ and LQ/, of equal names')
    .requiredOption(
      '-d, --degradation <name|file>',
      'a preset (realesrgan, camera, web, shake, defocus, old-photo, mixed), or a YAML or JSON file',
    )
    .option(
      '-s, --scale <n>',
      'how many times smaller (default: as the file says, or 4)',
      parseScale,
    )
    .option('--strength <n>', 'of a preset, 0 to 2', parseStrength)
    .option('--seed <n>', 'draws the same again', parseSeed, 0)
    .option('-n, --number <n>', 'pairs of each photograph', parseCount, 1)
    .option(
      '--sheet <file>',
      'a PNG with the first pairs side by side, and what was drawn for them',
    )
    .option('--json', 'print what was drawn for every pair as JSON', false)
    .addHelpText(
      'after',
      `
Examples:
  nanosd degrade photos/ -o pairs/ -d mixed --sheet pairs.png
  nanosd degrade photo.png -o shaken/ -d shake --scale 1 --number 12
  nanosd eval -m sr-x4 --hr pairs/HR --lr pairs/LQ`,
    )
    .action((photos: string[], flags: DegradeFlags) =>
      interruptible(async (signal) => {
        const { degrade } = await import('./degradeRun.js');
        await degrade(photos, flags, signal);
      }),
    );
}

function parseScale(text: string): number {
  const scale = parseCount(text);
  if (scale > 16) throw new UsageError(`--scale: expected 1 to 16, got ${scale}`);
  return scale;
}

function parseStrength(text: string): number {
  const strength = parseNumber(text);
  if (strength >= 0 && strength <= 2) return strength;
  throw new UsageError(`--strength: expected 0 to 2, got ${strength}`);
}
