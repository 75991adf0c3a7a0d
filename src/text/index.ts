export * from './clipTokenizer.js';
export * from './promptTokenizer.js';
