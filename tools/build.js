import { compile } from './compile.js';

try {
  compile();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
