import { execFile } from 'node:child_process';
import { mkdtemp, readFile, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

interface PackageJson {
  readonly name: string;
  readonly version: string;
  readonly exports: Record<string, unknown>;
  readonly devDependencies: Record<string, string>;
}

const root = fileURLToPath(new URL('../', import.meta.url));
const packageJson = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as PackageJson;
const modules = Object.keys(packageJson.exports)
  .filter((subpath) => !subpath.endsWith('.json'))
  .map((subpath) => subpath.replace('.', packageJson.name));

const run = promisify(execFile);
const node = (cwd: string, ...args: string[]) =>
  run(process.execPath, args, { cwd, env: consumerEnvironment() });
/** The npm that runs the tests, where one does. */
const npm = (cwd: string, ...args: string[]) => {
  const script = process.env.npm_execpath;
  return script !== undefined
    ? node(cwd, script, ...args)
    : run('npm', args, { cwd, env: consumerEnvironment() });
};

/** What somebody else's project would see: none of this checkout's npm settings. */
function consumerEnvironment(): NodeJS.ProcessEnv {
  const own = /^(npm_(package|lifecycle)_|npm_config_ignore_scripts$|NODE_OPTIONS$|VITEST)/i;
  const inherited = Object.entries(process.env).filter(([name]) => !own.test(name));
  return { ...Object.fromEntries(inherited), ONNXRUNTIME_NODE_INSTALL: 'skip' };
}

describe('the published package, installed in an empty project', () => {
  let project: string;
  const installed = () => join(project, 'node_modules', packageJson.name);

  beforeAll(async () => {
    project = await realpath(await mkdtemp(join(tmpdir(), 'nanosd-package-')));
    await writeFile(join(project, 'package.json'), '{ "private": true, "type": "module" }');
    await npm(root, 'pack', '--silent', '--pack-destination', project);
    const [tarball] = (await readdir(project)).filter((name) => name.endsWith('.tgz'));
    const quiet = ['--prefer-offline', '--no-audit', '--no-fund'];
    await npm(project, 'install', ...quiet, `./${tarball}`);
  }, 180_000);

  afterAll(() => rm(project, { recursive: true, force: true }));

  it.each(modules)('imports %s without a word on stderr', async (specifier) => {
    const script = `console.log(Object.keys(await import('${specifier}')).length)`;
    const { stdout, stderr } = await node(project, '--input-type=module', '--eval', script);
    expect(stderr).toBe('');
    expect(Number(stdout)).toBeGreaterThan(0);
  });

  it('runs as a command and knows its version', async () => {
    const { stdout, stderr } = await node(project, 'node_modules/.bin/nanosd', '--version');
    expect(stderr).toBe('');
    expect(stdout.trim()).toBe(packageJson.version);
  });

  it('holds what it needs and nothing of the checkout', async () => {
    const top = (await readdir(installed())).sort();
    const expected = ['CHANGELOG.md', 'LICENSE', 'README.md', 'bin', 'dist', 'models'];
    expect(top.filter((name) => name !== 'package.json')).toEqual(expected);
    const files = await readdir(join(installed(), 'dist'), { recursive: true });
    expect(files.filter((name) => /\.test\.|\.stamp$/.test(name))).toEqual([]);
  });

  it('has types that hold under strict settings', async () => {
    const uses = modules.map((specifier, i) => `export * as m${i} from '${specifier}';`);
    await writeFile(join(project, 'consumer.ts'), uses.join('\n'));
    const options = ['--strict', '--noEmit', '--exactOptionalPropertyTypes', '--target', 'es2022'];
    const resolution = ['--module', 'nodenext', '--lib', 'es2023,esnext.disposable,dom'];
    const types = ['--typeRoots', join(root, 'node_modules/@types'), '--types', 'node'];
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const args = [tsc, 'consumer.ts', '--pretty', 'false', ...options, ...resolution, ...types];
    const output = await node(project, ...args).catch((error: unknown) => error);
    expect(output).toHaveProperty('stdout');
    // Other packages' declarations are theirs to mend.
    const { stdout } = output as { stdout: string };
    expect(
      stdout.split('\n').filter((line) => /^(error|consumer|.*\/nanosd\/)/.test(line)),
    ).toEqual([]);
  });

  it('is clean to publint', async () => {
    const { messages, pkg } = await publint({ pkgDir: installed(), pack: false, strict: true });
    expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([]);
  });
});
