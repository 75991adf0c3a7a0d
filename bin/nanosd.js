#!/usr/bin/env node
import { existsSync } from 'node:fs';

// A checkout compiles itself when it is first run and after every change; a published package holds only the result.
const inCheckout = existsSync(new URL('../tsconfig.build.json', import.meta.url));

try {
  if (inCheckout) {
    await (await import('../tools/compileIfStale.js')).compileIfStale();
    if (process.argv[2] === 'app') await (await import('../tools/buildApp.js')).buildAppIfStale();
  }
} catch (error) {
  console.error(`nanosd: ${error.message}`);
  process.exit(1);
}
await import('../dist/cli/main.js');
