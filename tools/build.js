import { buildAppIfStale } from './buildApp.js';
import { compile } from './compile.js';

try {
  await compile();
  await buildAppIfStale();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
