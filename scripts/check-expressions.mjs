// Refuses, in the code that reads what others wrote, regular expressions that may cost more than the length of their text, and calls
// with as many arguments as a list is long. Run by `npm run lint`.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { faultOfExpression } from './expressions.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
// Not `bin`: what it reads is the operator's own.
const HOUSES = ['gateway', 'clients', 'grpc-core'];

/** Expressions that the judge refuses and that are fine, each with the reason. One that is not used any more is refused as well. */
const ALLOWED = new Map([
  [
    String.raw`/^[\w.+-]+\/[\w.+-]+(?:\s*;\s*[\w.+-]+=(?:[\w.+-]+|"[^"\\\r\n]*"))*$/`,
    'each turn has a ";" that only the text between quotation marks may hold besides, and the text has at most 256 characters',
  ],
]);

/** Calls that take a list as their arguments overflow the stack from about 125,000 on. */
const SPREAD_CALLS = new Set([
  'push',
  'unshift',
  'splice',
  'concat',
  'max',
  'min',
  'fromCharCode',
  'fromCodePoint',
  'apply',
]);

/** What is wrong in one file, as "line: problem"; `used` collects the expressions of the allow-list that it has. */
export function faultsOfSource(fileName, text, allowed = ALLOWED, used = new Set()) {
  const source = ts.createSourceFile(fileName, text, ts.ScriptTarget.Latest, true);
  const faults = [];
  const add = (node, problem) => {
    const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
    faults.push(`${line + 1}: ${problem}`);
  };
  const judge = (node, literal, pattern, flags) => {
    if (allowed.has(literal)) {
      used.add(literal);
      return;
    }
    let fault;
    try {
      fault = faultOfExpression(pattern, flags);
    } catch (error) {
      fault = error.message;
    }
    if (fault !== undefined) add(node, `${literal}: ${fault}`);
  };
  const visit = (node) => {
    if (ts.isRegularExpressionLiteral(node)) {
      const end = node.text.lastIndexOf('/');
      judge(node, node.text, node.text.slice(1, end), node.text.slice(end + 1));
    } else if ((ts.isNewExpression(node) || ts.isCallExpression(node)) && isName(node.expression, 'RegExp')) {
      const [pattern, flags] = node.arguments ?? [];
      if (
        pattern !== undefined &&
        ts.isStringLiteralLike(pattern) &&
        (!flags || ts.isStringLiteralLike(flags))
      )
        judge(node, `/${pattern.text}/${flags?.text ?? ''}`, pattern.text, flags?.text ?? '');
      else add(node, 'an expression that is made while the program runs');
    } else if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
      const { name } = node.expression;
      const spread = node.arguments.some((argument) => ts.isSpreadElement(argument));
      if (spread && SPREAD_CALLS.has(name.text))
        add(node, `${name.text}(...list) overflows the stack: use a loop`);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return faults;
}

function isName(node, name) {
  return ts.isIdentifier(node) && node.text === name;
}

function main() {
  const used = new Set();
  const faults = [];
  for (const house of HOUSES) {
    for (const path of readdirSync(join(ROOT, house), { recursive: true })) {
      if (!path.endsWith('.ts')) continue;
      const name = join(house, path);
      const text = readFileSync(join(ROOT, name), 'utf8');
      for (const fault of faultsOfSource(name, text, ALLOWED, used)) faults.push(`${name}:${fault}`);
    }
  }
  for (const literal of ALLOWED.keys())
    if (!used.has(literal)) faults.push(`scripts/check-expressions.mjs: ${literal} is allowed and not used`);
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) process.exitCode = 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
