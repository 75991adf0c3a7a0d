import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const separator = `\n${'-'.repeat(80)}\n`;

/** The licences of the packages that modules in a bundle come from. */
export function thirdPartyNotices(modules) {
  const packages = new Map();
  for (const module of modules.filter((path) => path.includes('/node_modules/'))) {
    const folder = packageFolder(module);
    packages.set(folder, [...(packages.get(folder) ?? []), module]);
  }
  const notices = [...packages].map(([folder, paths]) => noticeOf(folder, paths)).sort();
  return ['The files beside this one contain parts of these packages.\n', ...notices].join(
    separator,
  );
}

/** The folders of modules may hold manifests too, which name nothing. */
function packageFolder(module) {
  let folder = dirname(module);
  while (manifestOf(folder)?.name === undefined) folder = dirname(folder);
  return folder;
}

function manifestOf(folder) {
  const path = join(folder, 'package.json');
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
}

function noticeOf(folder, modules) {
  const { name, version, license, author, repository } = manifestOf(folder);
  const by = typeof author === 'string' ? author : author?.name;
  const lines = [
    `${name} ${version}${by === undefined ? '' : `, by ${by}`}`,
    `Licence: ${license}`,
    `Source: ${repository?.url ?? repository}`,
  ];
  return [lines.join('\n'), ...licenceFiles(folder), ...copyrights(modules), ''].join('\n\n');
}

function licenceFiles(folder) {
  return readdirSync(folder)
    .filter((name) => /^(licen[cs]e|notice|copying)/i.test(name))
    .map((name) => readFileSync(join(folder, name), 'utf8').trim());
}

/** What modules say of their own licence, which the bundler leaves out. */
function copyrights(modules) {
  const heads = modules.map((path) => /^(\/\/.*\n)+/.exec(readFileSync(path, 'utf8'))?.[0] ?? '');
  return [...new Set(heads)].filter((head) => /copyright/i.test(head)).map((head) => head.trim());
}
