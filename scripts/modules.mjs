// What the modules of a tree import and export, read with the TypeScript parser. Used by the checks of `npm run lint`.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';
import ts from 'typescript';

const MODULE = /\.(?:[cm]?[jt]s|[jt]sx)$/;
/** Generated, built or foreign. */
const PASSED_OVER = new Set(['node_modules', 'dist', '.tap']);

/** The modules below a folder of `root`, as paths from it with "/", sorted. */
export function modulesBelow(root, folder) {
  if (!existsSync(join(root, folder))) return [];
  const found = [];
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = posix.join(folder, entry.name);
    if (entry.isDirectory() && !PASSED_OVER.has(entry.name)) found.push(...modulesBelow(root, path));
    else if (entry.isFile() && MODULE.test(entry.name)) found.push(path);
  }
  return found.sort();
}

/** The syntax tree of a module. */
export function parsed(root, path) {
  return ts.createSourceFile(path, readFileSync(join(root, path), 'utf8'), ts.ScriptTarget.Latest, true);
}

/**
 * Every import of a module, whatever its form: `import`, `import type`, `export … from`, `export * from`, `import()` as a value and as a
 * type, in comments as well, `require()`, `import.meta.resolve()`, `new URL()` of a module, `declare module`, and `/// <reference path>`.
 * `specifier` is undefined where it is not a plain text, and for `createRequire`, whose calls may have any name. Packages are among them.
 */
export function importsOf(source) {
  const imports = [];
  const add = (node, literal, form) => {
    const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
    const specifier = literal !== undefined && ts.isStringLiteralLike(literal) ? literal.text : undefined;
    imports.push({ line: line + 1, specifier, form });
  };
  const visit = (node) => {
    if (ts.isImportDeclaration(node)) add(node, node.moduleSpecifier, isTypeOnly(node) ? 'type' : 'value');
    else if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined)
      add(node, node.moduleSpecifier, node.isTypeOnly ? 'type' : 'value');
    else if (ts.isImportTypeNode(node))
      add(node, ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined, 'type');
    else if (ts.isExternalModuleReference(node)) add(node, node.expression, 'value');
    else if (ts.isCallExpression(node) && isImportCall(node)) add(node, node.arguments[0], 'dynamic');
    else if (isUrlOfModule(node)) add(node, node.arguments[0], 'dynamic');
    else if (ts.isModuleDeclaration(node) && isRelative(node.name)) add(node, node.name, 'type');
    else if (ts.isIdentifier(node) && node.text === 'createRequire') add(node, undefined, 'dynamic');
    for (const comment of node.jsDoc ?? []) visit(comment);
    ts.forEachChild(node, visit);
  };
  visit(source);
  for (const { fileName, pos } of source.referencedFiles) {
    const { line } = source.getLineAndCharacterOfPosition(pos);
    imports.push({
      line: line + 1,
      specifier: posix.join('.', fileName).replace(/^(?!\.)/, './'),
      form: 'type',
    });
  }
  return imports;
}

function isImportCall({ expression }) {
  if (expression.kind === ts.SyntaxKind.ImportKeyword) return true;
  if (ts.isIdentifier(expression)) return expression.text === 'require';
  if (!ts.isPropertyAccessExpression(expression)) return false;
  const { name } = expression;
  return name.text === 'require' || (name.text === 'resolve' && ts.isMetaProperty(expression.expression));
}

/** `new URL('./x.js', import.meta.url)`: what workers and `import()` are given. */
function isUrlOfModule(node) {
  if (!ts.isNewExpression(node) || node.expression.getText() !== 'URL') return false;
  const [path] = node.arguments ?? [];
  return path !== undefined && isRelative(path) && MODULE.test(path.text);
}

function isRelative(node) {
  return ts.isStringLiteralLike(node) && node.text.startsWith('.');
}

function isTypeOnly({ importClause }) {
  if (importClause === undefined) return false;
  if (importClause.isTypeOnly) return true;
  const { name, namedBindings } = importClause;
  if (name !== undefined || namedBindings === undefined || !ts.isNamedImports(namedBindings)) return false;
  return namedBindings.elements.length > 0 && namedBindings.elements.every((element) => element.isTypeOnly);
}

/** The file that a relative specifier means, as a path from `root`: the source of "./x.js" is "./x.ts". Undefined where there is none. */
export function resolved(root, from, specifier) {
  const path = posix.join(posix.dirname(from), specifier);
  const candidates = path.endsWith('.js') ? [`${path.slice(0, -3)}.ts`, path] : [path, `${path}.ts`];
  candidates.push(posix.join(path, 'index.ts'));
  return candidates.find((file) => existsSync(join(root, file)) && statSync(join(root, file)).isFile());
}

/** The names that a module declares and exports; what it passes on from another module is not among them. */
export function exportsOf(source) {
  const names = [];
  for (const statement of source.statements) {
    if (ts.isExportDeclaration(statement)) {
      if (statement.moduleSpecifier !== undefined) continue;
      if (statement.exportClause !== undefined && ts.isNamedExports(statement.exportClause))
        for (const { name } of statement.exportClause.elements) names.push(name.text);
      continue;
    }
    if (!statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) continue;
    if (ts.isVariableStatement(statement)) {
      for (const { name } of statement.declarationList.declarations) names.push(...namesOf(name));
    } else if (statement.name !== undefined) names.push(statement.name.text);
  }
  return names;
}

function namesOf(name) {
  if (ts.isIdentifier(name)) return [name.text];
  return name.elements.filter(ts.isBindingElement).flatMap((element) => namesOf(element.name));
}
