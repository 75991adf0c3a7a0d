import type { Command } from 'commander';
import {
  parseBytes,
  parseCount,
  parsePixels,
  parsePort,
  parseSeconds,
  parseTile,
} from '../terminal/arguments.js';
import { interruptible } from '../terminal/interrupt.js';
import { packageVersion } from '../packageVersion.js';
import type { ServeFlags } from './flags.js';

export function defineServe(command: Command): void {
  command
    .option('--host <name>', 'address to listen on; 0.0.0.0 is all', '127.0.0.1')
    .option('--port <n>', 'port to listen on; 0 is a free one', parsePort, 8787)
    .option('-m, --model <model...>', "models' folders or names (default: the best one for sr)")
    .option('--device <name>', 'what to compute on: cpu, webgpu, cuda, ...', 'cpu')
    .option('--threads <n>', 'threads (default: one a core)', parseCount)
    .option('--tile <n|auto>', 'longest side computed at once, in input pixels', parseTile)
    .option('--max-memory <size>', 'for all photos in work (default: what is free)', parseBytes)
    .option('--concurrency <n>', 'photos in work at a time', parseCount, 2)
    .option('--queue-limit <n>', 'photos that wait; more get 429', parseCount, 256)
    .option('--max-bytes <size>', 'of one photo; more get 413', parseBytes, 50e6)
    .option('--max-pixels <n>', 'of one photo; more get 413', parsePixels, 50e6)
    .option('--max-result-pixels <n>', 'of one result; more get 413', parsePixels, 256e6)
    .option('--timeout <s>', 'seconds that one photo may be in work', parseSeconds, 300)
    .option('--keep <s>', 'seconds that finished jobs are kept', parseSeconds, 600)
    .option('--keep-bytes <size>', 'results of jobs on disk; the oldest go', parseBytes, 2e9)
    .option('--drain <s>', 'seconds to finish in when told to stop', parseSeconds, 30)
    .option('--allow-origin <origin...>', 'web pages that may ask, such as https://photos.example')
    .option('--redis <url>', 'share jobs with other servers through a Redis')
    .option('--json', 'log as JSON', false)
    .addHelpText(
      'after',
      `
Examples:
  $ nanosd serve --max-pixels 20MP --concurrency 4
  $ curl --data-binary @photo.jpg -o large.png 'http://localhost:8787/v1/restore?scale=2&format=png'
  $ curl -F image=@photo.jpg -F scale=2 http://localhost:8787/v1/jobs`,
    )
    .action((flags: ServeFlags) =>
      interruptible(async (signal) => {
        const { serve } = await import('./serve.js');
        await serve(flags, packageVersion(), signal);
        // BullMQ would go on waiting for a Redis that has gone.
        if (flags.redis !== undefined) process.exit(0);
      }),
    );
}
