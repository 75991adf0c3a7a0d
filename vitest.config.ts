import { defineConfig } from 'vitest/config';

/** Where CI reads the counts from. */
const report = 'runs/test-report.json';

export default defineConfig({
  test: {
    include: ['{src,cli,test}/**/*.test.ts'],
    watch: false,
    // Processes, not threads: an inference engine's native crash then names the file that caused it.
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 60_000,
    reporters: process.env.CI ? ['default', ['json', { outputFile: report }]] : ['default'],
  },
});
