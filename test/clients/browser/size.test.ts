import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import t, { type Test } from 'tap';
import ts from 'typescript';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
// The scripts of the repository are JavaScript without types.
const { bundleClient, OWN_NAMES } = (await import(
  new URL('../../../scripts/bundle-client.mjs', import.meta.url).href
)) as {
  bundleClient(root: string, out: string): Promise<void>;
  readonly OWN_NAMES: readonly string[];
};

/** What a page may load of this client, in bytes after gzip. clients/browser/README.md names them. */
const WHOLE_BYTES = 14_336;
const HTTP_ONLY_BYTES = 4_096;

/** The file that `npm run build` makes of the sources as they are now. */
async function builtClient(t: Test): Promise<string> {
  const out = t.testdir();
  mkdirSync(join(out, 'clients/browser'), { recursive: true });
  await bundleClient(ROOT, out);
  return join(out, 'clients/browser/index.js');
}

t.test('the whole client is small', async (t) => {
  const script = readFileSync(await builtClient(t));
  const size = gzipSync(script, { level: 9 }).length;
  t.comment(`${script.length} bytes, ${size} after gzip`);
  t.ok(size > WHOLE_BYTES / 2 && size <= WHOLE_BYTES, `${size} bytes`);
});

t.test('an application that only makes calls over HTTP has no more than those', async (t) => {
  const file = await builtClient(t);
  const contents = `import { createHttpClient } from ${JSON.stringify(file)}; globalThis.client = createHttpClient();`;
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: ROOT },
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    write: false,
  });
  const script = outputFiles[0]?.contents ?? new Uint8Array();
  const size = gzipSync(script, { level: 9 }).length;
  t.comment(`${script.length} bytes, ${size} after gzip`);
  t.notMatch(Buffer.from(script).toString(), /WebSocket/);
  t.ok(size > HTTP_ONLY_BYTES / 2 && size <= HTTP_ONLY_BYTES, `${size} bytes`);
});

t.test('loading the client does nothing', async (t) => {
  const before = Object.getOwnPropertyNames(globalThis).sort();
  const client = (await import(await builtClient(t))) as Record<string, unknown>;
  t.same(Object.keys(client).sort(), [
    'Code',
    'SluiceError',
    'createClient',
    'createHttpClient',
    'createSseParser',
  ]);
  t.same(Object.getOwnPropertyNames(globalThis).sort(), before);
});

/** The names of all members that a page can see: of what the client exports, and of what that leads to in its own files. */
function namesForPages(program: ts.Program, entry: string): Set<string> {
  const checker = program.getTypeChecker();
  const names = new Set<string>();
  const seen = new Set<ts.Symbol>();
  const isOurs = (symbol: ts.Symbol) =>
    symbol.declarations?.some(({ parent }) => parent?.getSourceFile().fileName.includes('/clients/')) ??
    false;
  const visit = (found: ts.Symbol) => {
    const symbol = found.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(found) : found;
    if (seen.has(symbol) || !isOurs(symbol)) return;
    seen.add(symbol);
    for (const declaration of symbol.declarations ?? []) {
      const look = (node: ts.Node): void => {
        if (
          (ts.isPropertySignature(node) || ts.isMethodSignature(node) || ts.isPropertyDeclaration(node)) &&
          ts.isIdentifier(node.name)
        )
          names.add(node.name.text);
        if (ts.isIdentifier(node)) {
          const used = checker.getSymbolAtLocation(node);
          if (used !== undefined) visit(used);
        }
        if (!ts.isBlock(node)) ts.forEachChild(node, look);
      };
      look(declaration);
    }
  };
  const source = program.getSourceFile(entry);
  const module = source && checker.getSymbolAtLocation(source);
  for (const exported of module === undefined ? [] : checker.getExportsOfModule(module)) visit(exported);
  return names;
}

t.test('what is shortened in the file is only what its modules say to each other', async (t) => {
  const entry = join(ROOT, 'clients/browser/index.ts');
  const program = ts.createProgram([entry], {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
    types: [],
    noEmit: true,
  });
  const names = namesForPages(program, entry);
  for (const name of [
    'creditBytes',
    'lastEventId',
    'bufferedAmount',
    'retryAfterMs',
    'onReconnect',
    'resumed',
  ])
    t.ok(names.has(name), `${name} is for pages`);
  const wire = ['gateway/PROTOCOL.md', 'proto/sluice/v1/session.proto']
    .map((file) =>
      readFileSync(join(ROOT, file), 'utf8').replaceAll(/_([a-z])/g, (_, letter: string) =>
        letter.toUpperCase(),
      ),
    )
    .join();
  const checker = program.getTypeChecker();
  const ofBrowser: string[] = [];
  const look = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && OWN_NAMES.includes(node.text)) {
      const { declarations = [] } = checker.getSymbolAtLocation(node) ?? {};
      if (declarations.some((one) => program.isSourceFileDefaultLibrary(one.getSourceFile())))
        ofBrowser.push(node.text);
    }
    ts.forEachChild(node, look);
  };
  for (const file of program.getSourceFiles()) if (file.fileName.includes('/clients/')) look(file);
  t.same(ofBrowser, [], 'none of them is of the browser');
  for (const name of OWN_NAMES) {
    t.notOk(names.has(name), `${name} is not for pages`);
    t.notOk(new RegExp(`(\`|"|  )${name}(\`|"|:)`).test(wire), `${name} is not on the wire`);
  }
  const script = readFileSync(await builtClient(t), 'utf8');
  t.same(
    OWN_NAMES.filter((name) => new RegExp(`[.{,]${name}\\b`).test(script)),
    [],
    'all of them are short',
  );
  t.same([...OWN_NAMES].sort(), [...new Set(OWN_NAMES)]);
});
