import { reportFailure } from './terminal/failures.js';
import { packageVersion } from './packageVersion.js';
import { createProgram } from './program.js';

// As src/runtime/noTelemetry-node.ts does, which a bundle may run after the engine that it speaks to.
process.env.ORT_DISABLE_TELEMETRY ??= '1';

// Whoever reads the output may stop reading: `nanosd eval ... | head`.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? 0 : reportFailure(error));
  });
}
process.on('uncaughtException', (error) => process.exit(reportFailure(error)));

try {
  const program = await createProgram(process.argv.slice(2), packageVersion());
  await program.parseAsync();
} catch (error) {
  process.exit(reportFailure(error));
}
