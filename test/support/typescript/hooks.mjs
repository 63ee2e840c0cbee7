import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = new URL('../../../', import.meta.url);
const MODULES = new URL('node_modules/', ROOT).href;
const CACHE = fileURLToPath(new URL('node_modules/.cache/sluice-tests/', ROOT));
const require = createRequire(import.meta.url);
/** What the result depends on besides the source. */
const SETTINGS = `${require('typescript/package.json').version} es2023 esm`;

let typescript;

/** JavaScript of a module, with its map in it. The options are those of tsconfig.json that change what comes out. */
function transpile(source, fileName) {
  typescript ??= require('typescript');
  const { outputText } = typescript.transpileModule(source, {
    fileName,
    compilerOptions: {
      target: typescript.ScriptTarget.ES2023,
      module: typescript.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
      inlineSourceMap: true,
      inlineSources: false,
    },
  });
  return outputText;
}

/** By what the source is, not by when it changed: a result is never stale, and processes that make the same one at once do no harm. */
function javascriptOf(file) {
  const source = readFileSync(file, 'utf8');
  const name = createHash('sha256').update(SETTINGS).update(file).update(source).digest('hex');
  const kept = join(CACHE, `${name}.js`);
  try {
    return readFileSync(kept, 'utf8');
  } catch {
    const made = transpile(source, file);
    mkdirSync(CACHE, { recursive: true });
    const temporary = `${kept}.${process.pid}`;
    writeFileSync(temporary, made);
    renameSync(temporary, kept);
    return made;
  }
}

function isOwn(url) {
  return url.startsWith(ROOT.href) && !url.startsWith(MODULES);
}

/** `./x.js` in a module of ours is `./x.ts` where there is such a file; all else is the business of the next loader. */
export async function resolve(specifier, context, next) {
  const { parentURL } = context;
  if (/^\.\.?\/.*\.js$/.test(specifier) && parentURL?.endsWith('.ts') && isOwn(parentURL)) {
    const url = new URL(`${specifier.slice(0, -3)}.ts`, parentURL);
    if (existsSync(url)) return { url: url.href, format: 'module', shortCircuit: true };
  }
  return next(specifier, context);
}

export async function load(url, context, next) {
  const [plain] = url.split('?', 1);
  if (!plain.endsWith('.ts') || plain.endsWith('.d.ts') || !isOwn(plain)) return next(url, context);
  return { format: 'module', source: javascriptOf(fileURLToPath(plain)), shortCircuit: true };
}
