import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { posix } from 'node:path';
import ts from 'typescript';

export interface SourceFile {
  /** Relative to the repository root, with forward slashes. */
  readonly path: string;
  readonly lines: number;
  /** What it imports: a path relative to the repository root, or the bare name of a package. */
  readonly imports: readonly string[];
  /** Whether it declares nothing of its own. */
  readonly onlyReExports: boolean;
}

/** Every TypeScript file below the given folders of the repository. */
export function readSourceTree(root: string, folders: readonly string[]): SourceFile[] {
  return folders
    .filter((folder) => existsSync(posix.join(root, folder)))
    .flatMap((folder) =>
      readdirSync(posix.join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) =>
        posix.join(folder, name.replaceAll('\\', '/')),
      ),
    )
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))
    .sort()
    .map((path) => sourceFile(path, readFileSync(posix.join(root, path), 'utf8')));
}

export function sourceFile(path: string, text: string): SourceFile {
  const syntax = ts.createSourceFile(path, text, ts.ScriptTarget.Latest);
  return {
    path,
    lines: text.trimEnd().split('\n').length,
    imports: [...new Set(specifiers(syntax))].map((specifier) => resolve(path, specifier)),
    onlyReExports: syntax.statements.every(ts.isExportDeclaration),
  };
}

/** Static, type-only and dynamic imports, and workers named by `new URL('./x.js', import.meta.url)`. */
function specifiers(node: ts.Node): string[] {
  const own = specifierNode(node);
  const found = own !== undefined && ts.isStringLiteralLike(own) ? [own.text] : [];
  ts.forEachChild(node, (child) => {
    found.push(...specifiers(child));
  });
  return found;
}

function specifierNode(node: ts.Node): ts.Node | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier;
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
    return node.argument.literal;
  }
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    return node.arguments[0];
  }
  if (ts.isNewExpression(node) && ts.isIdentifier(node.expression)) {
    const [first] = node.arguments ?? [];
    const isScript = first && ts.isStringLiteralLike(first) && /^\..*\.[jt]s$/.test(first.text);
    if (node.expression.text === 'URL' && isScript) return first;
  }
  return undefined;
}

function resolve(from: string, specifier: string): string {
  if (!specifier.startsWith('.')) return specifier;
  return posix.join(posix.dirname(from), specifier).replace(/\.js$/, '.ts');
}
