// Usage: node .ci/summary.js REPORT STATUS: prints "N passed, N failed" from vitest's JSON report.
import { existsSync, readFileSync } from 'node:fs';

const [report, status] = process.argv.slice(2);
const { testResults: files } = existsSync(report)
  ? JSON.parse(readFileSync(report, 'utf8'))
  : { testResults: [] };

const tests = files.flatMap(({ assertionResults }) => assertionResults);
const count = (wanted) => tests.filter((test) => test.status === wanted).length;

const brokenFiles = files.filter(
  (file) => file.status === 'failed' && file.assertionResults.every((t) => t.status !== 'failed'),
).length;
const failed = count('failed') + brokenFiles;

// A failure outside the tests (format, lint, types, build) counts as one.
console.log(`${count('passed')} passed, ${status === '0' ? failed : Math.max(failed, 1)} failed`);
