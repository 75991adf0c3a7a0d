import { builtinModules } from 'node:module';
import eslint from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const nodeOnly = {
  patterns: [{ regex: '^node:', message: 'Only *-node.ts, src/node.ts and consumers know Node.' }],
  paths: [...builtinModules, 'sharp', 'onnxruntime-node'].map((name) => ({
    name,
    message: 'Only *-node.ts, src/node.ts and consumers know Node.',
  })),
};

const seededRandom = {
  object: 'Math',
  property: 'random',
  message: 'Randomness is an argument: take a Random from src/tensor.',
};

const platformGlobals = (names, where) =>
  names.map((name) => ({ name, message: `Only ${where} may use it; elsewhere take an argument.` }));

const node = platformGlobals(
  ['process', 'Buffer', 'global', '__dirname', '__filename', 'require'],
  '*-node.ts and src/node.ts',
);
const web = platformGlobals(['window', 'document', 'navigator', 'self'], '*-web.ts and src/web.ts');

export default defineConfig(
  globalIgnores(['dist/', 'dist-*/', 'runs/', 'coverage/']),
  eslint.configs.recommended,
  tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    linterOptions: { noInlineConfig: true },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      eqeqeq: 'error',
      'no-restricted-properties': ['error', seededRandom],
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Export by name.' },
        { selector: 'TSEnumDeclaration', message: 'Use a union of string literals.' },
        {
          selector: 'TSAsExpression > TSAsExpression > TSUnknownKeyword',
          message: 'Narrow the value instead of casting through unknown.',
        },
      ],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/node.ts', '**/*-node.ts', '**/*.test.ts'],
    rules: {
      'no-restricted-imports': ['error', nodeOnly],
      'no-restricted-globals': ['error', ...node],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/web.ts', '**/*-web.ts', '**/*-node.ts', '**/*.test.ts'],
    rules: { 'no-restricted-globals': ['error', ...node, ...web] },
  },
  {
    files: ['**/*.js', '*.config.ts'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: { globals: { console: 'readonly', process: 'readonly', URL: 'readonly' } },
    rules: { 'no-restricted-syntax': 'off' },
  },
);
