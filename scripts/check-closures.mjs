// Refuses, in the gateway, functions that are assigned to a property where they are written. V8 takes such a function for a method and makes it among
// its old objects at once. Made with every call, each keeps all that it can see until the next full collection: a call, and all that it holds.
// A constant in between is enough. Run by `npm run lint`.
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { modulesBelow, parsed } from './modules.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const HOUSES = ['gateway', 'grpc-core'];

const ASSIGNMENTS = new Set([
  ts.SyntaxKind.EqualsToken,
  ts.SyntaxKind.QuestionQuestionEqualsToken,
  ts.SyntaxKind.BarBarEqualsToken,
  ts.SyntaxKind.AmpersandAmpersandEqualsToken,
]);

/** Such assignments within functions, as "line: problem"; what a module does once may stay. */
export function faultsOfClosures(source) {
  const faults = [];
  const visit = (node, isInside) => {
    if (isInside && ts.isBinaryExpression(node) && ASSIGNMENTS.has(node.operatorToken.kind)) {
      if (isProperty(node.left) && isFunction(node.right)) {
        const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
        faults.push(
          `${line + 1}: ${node.left.getText(source)} gets a function where it is written: make it a constant first`,
        );
      }
    }
    ts.forEachChild(node, (child) => visit(child, isInside || ts.isFunctionLike(node)));
  };
  visit(source, false);
  return faults;
}

function isProperty(node) {
  return ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node);
}

function isFunction(node) {
  if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node) || ts.isSatisfiesExpression(node))
    return isFunction(node.expression);
  return ts.isArrowFunction(node) || ts.isFunctionExpression(node);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const house of HOUSES) {
    for (const path of modulesBelow(ROOT, house)) {
      for (const fault of faultsOfClosures(parsed(ROOT, path))) {
        console.error(`${path}:${fault}`);
        process.exitCode = 1;
      }
    }
  }
}
