// Refuses names that mean two things: in each house every exported name is declared by one module, and every file name is one module's.
// Also holds module constants to one casing, in every house. Run by `npm run lint`.
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { exportsOf, modulesBelow, parsed } from './modules.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const UNIQUE_IN = ['gateway', 'grpc-core', 'clients', 'bin'];
const CASED_IN = ['gateway', 'grpc-core', 'clients', 'bin', 'scripts'];

/** Names that may stand in several modules, each with the reason. One that no longer does is refused as well. */
const ALLOWED_NAMES = new Map([]);
/** The same for file names. */
const ALLOWED_FILES = new Map([['index.ts', 'the entrance of a folder']]);

/** Names in several modules, as "name: module, module"; what `index.ts` passes on does not count. */
export function faultsOfNames(
  root,
  folder = 'gateway',
  allowedNames = ALLOWED_NAMES,
  allowedFiles = ALLOWED_FILES,
) {
  const names = new Map();
  const files = new Map();
  for (const path of modulesBelow(root, folder)) {
    listed(files, posix.basename(path), path);
    for (const name of new Set(exportsOf(parsed(root, path)))) listed(names, name, path);
  }
  return [
    ...severalOf(names, allowedNames, 'is exported by several modules'),
    ...severalOf(files, allowedFiles, 'is the name of several files'),
  ];
}

function listed(map, key, value) {
  const known = map.get(key);
  if (known === undefined) map.set(key, [value]);
  else known.push(value);
}

function severalOf(map, allowed, problem) {
  const several = [...map].filter(([, paths]) => paths.length > 1);
  const faults = several
    .filter(([name]) => !allowed.has(name))
    .map(([name, paths]) => `${name} ${problem}: ${paths.join(', ')}`);
  for (const name of allowed.keys()) {
    if (!several.some(([other]) => other === name))
      faults.push(`${name} is allowed to stand several times and does not`);
  }
  return faults;
}

/** Module constants with the wrong casing, as "line: problem". */
export function faultsOfCasing(source) {
  const faults = [];
  for (const statement of source.statements) {
    if (!ts.isVariableStatement(statement)) continue;
    if ((statement.declarationList.flags & ts.NodeFlags.Const) === 0) continue;
    for (const { name, initializer } of statement.declarationList.declarations) {
      if (
        !ts.isIdentifier(name) ||
        initializer === undefined ||
        /^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*$/.test(name.text)
      )
        continue;
      if (!isConstant(initializer) || isEnum(name.text, initializer)) continue;
      const { line } = source.getLineAndCharacterOfPosition(name.getStart(source));
      faults.push(`${line + 1}: ${name.text} is a constant of the module: UPPER_SNAKE_CASE`);
    }
  }
  return faults;
}

/** A primitive that is spelled out, a pattern, or a table that does not change: what is frozen, `as const`, or a set or map with content. */
function isConstant(node) {
  if (ts.isParenthesizedExpression(node) || ts.isSatisfiesExpression(node))
    return isConstant(node.expression);
  if (ts.isAsExpression(node)) return isConstant(node.expression) || node.type.getText() === 'const';
  if (ts.isNumericLiteral(node) || ts.isBigIntLiteral(node) || ts.isStringLiteralLike(node)) return true;
  if (ts.isRegularExpressionLiteral(node)) return true;
  if (node.kind === ts.SyntaxKind.TrueKeyword || node.kind === ts.SyntaxKind.FalseKeyword) return true;
  if (ts.isPrefixUnaryExpression(node)) return isConstant(node.operand);
  if (ts.isBinaryExpression(node)) return isArithmetic(node.left) && isArithmetic(node.right);
  if (ts.isCallExpression(node)) return node.expression.getText() === 'Object.freeze';
  if (ts.isNewExpression(node))
    return ['Set', 'Map'].includes(node.expression.getText()) && (node.arguments?.length ?? 0) > 0;
  return false;
}

/** A table of names that is used as an enum, with a type of the same name: PascalCase. */
function isEnum(name, node) {
  const inner = ts.isAsExpression(node) || ts.isSatisfiesExpression(node) ? node.expression : node;
  const table = ts.isCallExpression(inner) ? inner.arguments[0] : inner;
  return /^[A-Z][A-Za-z0-9]*$/.test(name) && table !== undefined && ts.isObjectLiteralExpression(table);
}

function isArithmetic(node) {
  if (ts.isIdentifier(node)) return /^[A-Z0-9_]+$/.test(node.text);
  return isConstant(node);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const faults = UNIQUE_IN.flatMap((house) => faultsOfNames(ROOT, house));
  for (const house of CASED_IN) {
    for (const path of modulesBelow(ROOT, house)) {
      for (const fault of faultsOfCasing(parsed(ROOT, path))) faults.push(`${path}:${fault}`);
    }
  }
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) process.exitCode = 1;
}
