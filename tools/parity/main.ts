// npm run parity -- DIR: compares every case below DIR with what this package computes.
// Exit status: 0 when all hold, 1 when one does not, 2 when the folder is not given or holds no case.

import { runParity } from './run.js';

const [root, ...rest] = process.argv.slice(2);
if (root === undefined || rest.length > 0 || root.startsWith('-')) {
  console.error('usage: npm run parity -- DIR');
  process.exitCode = 2;
} else {
  process.exitCode = await runParity(root, (line) => {
    console.log(line);
  });
}
