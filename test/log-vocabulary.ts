import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FOLDERS = ['bin/', 'gateway/', 'grpc-core/'];
const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];

/** Passes on lines that have been written elsewhere, or keeps them back until the gateway listens. */
const PASSES_ON = ['grpc-core/logs/log-writer.ts', 'gateway/server/gateway.ts'];

/** One message of the log, from all places that write it. */
export interface LoggedMessage {
  readonly levels: Set<string>;
  readonly fields: Set<string>;
}

/** Every message that the source writes, with its levels and the names of its fields, as the type checker knows them. */
export function loggedMessages(): ReadonlyMap<string, LoggedMessage> {
  const config = ts.readConfigFile(`${ROOT}tsconfig.json`, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, ROOT);
  const roots = [`${ROOT}bin/sluice.ts`, `${ROOT}bin/run/index.ts`];
  const program = ts.createProgram(roots, { ...options, noEmit: true });
  const checker = program.getTypeChecker();
  const messages = new Map<string, LoggedMessage>();
  for (const file of program.getSourceFiles()) {
    const name = file.fileName.slice(ROOT.length);
    if (!FOLDERS.some((folder) => name.startsWith(folder))) continue;
    const visit = (node: ts.Node): void => {
      if (ts.isCallExpression(node)) add(node, name);
      ts.forEachChild(node, visit);
    };
    visit(file);
  }
  return messages;

  function add(call: ts.CallExpression, file: string): void {
    const level = levelOf(call, checker);
    if (level === undefined) return;
    const [first, second] = call.arguments;
    const message = second ?? first;
    if (message === undefined || !ts.isStringLiteral(message)) {
      if (PASSES_ON.includes(file)) return;
      throw new Error(`${file}: the message of ${call.getText()} is no literal`);
    }
    const known = messages.get(message.text) ?? { levels: new Set(), fields: new Set() };
    messages.set(message.text, known);
    known.levels.add(level);
    if (second === undefined || first === undefined) return;
    const type = checker.getTypeAtLocation(first);
    for (const part of type.isUnion() ? type.types : [type]) {
      for (const property of part.getProperties()) known.fields.add(property.name);
    }
    if (/\bcontext\.log\./.test(call.expression.getText())) {
      // The logger of a call in the core has them in each line.
      known.fields.add('requestId').add('method');
    }
  }
}

/** The level of a call that writes a line; undefined for every other. */
function levelOf({ expression }: ts.CallExpression, checker: ts.TypeChecker): string | undefined {
  if (!ts.isPropertyAccessExpression(expression)) return undefined;
  const name = expression.name.text;
  // What the schema has to say waits until the gateway listens.
  if (name === '#warn' && /loaded-schema/.test(expression.getSourceFile().fileName)) return 'warn';
  if (!LEVELS.includes(name)) return undefined;
  const type = checker.getTypeAtLocation(expression.expression);
  return LEVELS.every((level) => type.getProperty(level) !== undefined) ? name : undefined;
}
