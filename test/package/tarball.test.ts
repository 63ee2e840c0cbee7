import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import t, { type Test } from 'tap';
import { openBrowser, whyNot } from '../clients/browsers/open-browser.js';
import {
  freshCopy,
  lockedPackages,
  outsideFolder,
  ROOT,
  repositoryFile,
  run,
} from '../support/fresh-copy.js';
import { http, httpJson } from '../support/http.js';
import { sluiceAt } from '../support/process.js';
import { openLocalRegistry } from './local-registry.js';

const VERSION = /^\d+\.\d+\.\d+$/;
const ANY = ['--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0', '--core-listen', '127.0.0.1:0'];

const PAGE = `
import { createClient } from 'sluice/browser';
const client = createClient({ baseUrl: location.hash.slice(1) });
const quote = await client.unary('streaming.StreamingService/GetStockQuote', { symbol: 'AAPL' });
const stream = client.call('streaming.StreamingService/ControlledStream', { request: {} });
let count = 0;
for await (const { id } of stream.messages) if (id !== undefined) count += 1;
client.close();
globalThis.result = { symbol: quote.symbol, count };
`;

const SMALL_PAGE = `
import { createHttpClient } from 'sluice/browser';
globalThis.client = createHttpClient();
`;

const SCRIPT = `
import { pino } from 'pino';
import { openGateway } from 'sluice';
import { Code, createClient, createHttpClient } from 'sluice/browser';
import { createNativeClient, dataStream } from 'sluice/node';

const core = process.argv[2];
const log = pino({ level: 'warn' });
const gateway = await openGateway({ upstream: core, log, listen: '127.0.0.1:0', adminListen: '127.0.0.1:0' });
const client = createHttpClient({ baseUrl: gateway.url });
const { symbol } = await client.unary('streaming.StreamingService/GetStockQuote', { symbol: 'MSFT' });
const failure = await client.unary('streaming.StreamingService/Gone', {}).catch((error) => error);
const ids = [];
for await (const { id } of dataStream({ address: core, startFromId: 1 })) if (ids.push(id) === 2) break;
await gateway.close();
console.log(JSON.stringify({ symbol, notFound: failure.code === Code.NOT_FOUND, ids, is: typeof createClient + typeof createNativeClient }));
`;

const REQUIRED = `
const { createNativeClient } = require('sluice/node');
const { openGateway } = require('sluice');
const { createClient } = require('sluice/browser');
console.log([createNativeClient, openGateway, createClient].map((value) => typeof value).join());
console.log(require.resolve('sluice/proto/sluice/v1/options.proto'));
`;

const TYPED = `
import { pino } from 'pino';
import { type Gateway, type GatewayOptions, openGateway } from 'sluice';
import { createClient, createHttpClient, type SluiceError } from 'sluice/browser';
import { createNativeClient, dataStream, type DataItem } from 'sluice/node';
import type { Services } from './sluice-types.js';

const options: GatewayOptions = { upstream: '127.0.0.1:1', log: pino() };
export const gateway: Promise<Gateway> = openGateway(options);
const client = createClient<Services>();
export const symbol: string | undefined = (await client.unary('streaming.StreamingService/GetStockQuote', { symbol: 'A' })).symbol;
for await (const { id } of client.call('streaming.StreamingService/GetDataStream', { request: { startFromId: 1 } }).messages) id?.toFixed();
const small = createHttpClient<Services>();
for await (const { data } of small.serverStream('streaming.StreamingService/GetDataStream', {})) data?.trim();
// @ts-expect-error a bidi stream is no unary method
small.unary('streaming.StreamingService/Chat', {});
// @ts-expect-error no such field
client.unary('streaming.StreamingService/GetStockQuote', { symbl: 'A' });
export const items: AsyncIterable<DataItem> = dataStream({ address: '127.0.0.1:1' });
createNativeClient('127.0.0.1:1').getStockQuote({ symbol: 'A' }, (_, quote) => quote?.price.toFixed());
export const codeOf = (error: SluiceError): number => error.code;
`;

t.test('the packed package, installed elsewhere', { timeout: 400_000 }, async (t) => {
  const app = outsideFolder(t);
  const installed = join(app, 'node_modules', 'sluice');
  await install(t, app);
  const running = sluiceAt(t, join(app, 'node_modules/.bin/sluice'), [
    'start',
    ...ANY,
    '--allow-origin',
    '*',
    '--data-dir',
    join(app, 'data'),
  ]);
  const { address } = (await running.line('core listening')) as { address: string };
  const { url } = (await running.line('gateway listening')) as { url: string };

  await t.test('has what it needs, and no more', async (t) => {
    for (const file of ['LICENSE', 'NOTICE', 'README.md', 'CHANGELOG.md', 'SECURITY.md']) {
      t.equal(readFileSync(join(installed, file), 'utf8'), repositoryFile(file), `the tarball has ${file}`);
    }
    t.same(
      readdirSync(installed).filter((name) => /^(test|scripts|node_modules|\.)/.test(name)),
      [],
    );
    const scripts = readdirSync(join(installed, 'dist/clients/browser'), {
      recursive: true,
      encoding: 'utf8',
    });
    t.same(
      scripts.filter((name) => extname(name) === '.js'),
      ['index.js'],
      'the browser client is one file',
    );
  });

  await t.test('npx runs its command', async (t) => {
    t.match((await run(app, 'npx', '--no', 'sluice', '--version')).stdout.trim(), VERSION);
    for (const command of ['start', 'gateway', 'core']) {
      const { stdout, stderr } = await run(app, 'npx', '--no', 'sluice', command, '--help');
      t.match(stdout, /--listen/);
      for (const [file] of stdout.matchAll(/\b(?:docs|gateway)\/[\w-]+\.md/g)) {
        t.ok(readFileSync(join(installed, file)).length > 0, `the tarball has ${file}, which the help names`);
      }
      t.equal(stderr, '');
    }
    t.match(await httpJson(`${url}/v1/stocks/AAPL`), { status: 200, json: { symbol: 'AAPL' } });
    t.match((await http(`${url}/`)).text, '<!doctype html>');
    t.equal(
      (await http(`${url}/_sluice/page/browser/index.js`)).text,
      readFileSync(join(installed, 'dist/clients/browser/index.js'), 'utf8'),
      'the page and applications have the same client',
    );
  });

  await t.test('a script uses it, as a module and by require', async (t) => {
    writeFileSync(join(app, 'script.js'), SCRIPT);
    const { stdout, stderr } = await run(app, process.execPath, 'script.js', address);
    t.same(JSON.parse(stdout), { symbol: 'MSFT', notFound: true, ids: [2, 3], is: 'functionfunction' });
    t.equal(stderr, '');
    writeFileSync(join(app, 'script.cjs'), REQUIRED);
    const required = await run(app, process.execPath, 'script.cjs');
    t.same(required.stdout.trim().split('\n'), [
      'function,function,function',
      join(installed, 'proto/sluice/v1/options.proto'),
    ]);
  });

  await t.test('a TypeScript project sees its types', async (t) => {
    const types = ['types', '--upstream', address, '-o', 'sluice-types.d.ts'];
    await run(app, 'npx', '--no', 'sluice', ...types);
    writeFileSync(join(app, 'typed.ts'), TYPED);
    for (const [module, moduleResolution] of [
      ['nodenext', 'nodenext'],
      ['esnext', 'bundler'],
    ]) {
      const compilerOptions = { module, moduleResolution, target: 'es2022', strict: true, noEmit: true };
      writeFileSync(
        join(app, 'tsconfig.json'),
        JSON.stringify({
          compilerOptions: {
            ...compilerOptions,
            lib: ['es2023', 'dom'],
            types: ['node'],
            skipLibCheck: true,
          },
          files: ['typed.ts'],
        }),
      );
      const said = await run(app, join(ROOT, 'node_modules/@typescript/native/bin/tsc'), '-p', '.').catch(
        (reason: { stdout: string }) => reason,
      );
      t.equal(said.stdout, '', `moduleResolution ${moduleResolution}`);
    }
  });

  const whole = await viteBuild(app, 'whole', PAGE);
  await t.test('a Vite application runs it in Chromium', { skip: whyNot('chromium') }, async (t) => {
    const browser = await openBrowser('chromium');
    t.teardown(() => browser.close());
    const page = await browser.newPage();
    page.on('pageerror', (error) => t.fail(`the page threw ${error}`));
    await page.goto(`${await serve(t, whole)}/index.html#${url}`);
    await page.waitForFunction('globalThis.result !== undefined', { timeout: 60_000 });
    t.same(await page.evaluate('globalThis.result'), { symbol: 'AAPL', count: 100 });
  });

  await t.test('a Vite application has only what it imports', async (t) => {
    const sizes: Record<string, number> = {};
    const small = await viteBuild(app, 'small', SMALL_PAGE);
    for (const [name, files] of Object.entries({ whole, small })) {
      const script = [...files].find(([path]) => path.endsWith('.js'))?.[1] ?? '';
      sizes[name] = gzipSync(script).length;
    }
    t.comment(JSON.stringify(sizes));
    t.ok((sizes.whole ?? 0) > 8_000 && (sizes.whole ?? 0) <= 14_336, `${sizes.whole} bytes`);
    t.ok((sizes.small ?? 0) > 2_000 && (sizes.small ?? 0) <= 4_096, `${sizes.small} bytes`);
  });

  running.child.kill('SIGTERM');
  t.equal(await running.exit, 0);
});

/** Builds a clone, packs it, and installs the tarball with all that it depends on, without scripts of packages and without a network. */
async function install(t: Test, app: string): Promise<void> {
  const clone = await freshCopy(t);
  // The build of the repository is taken where it is one of these sources: the clone's own build compares them, and begins anew otherwise.
  if (existsSync(join(ROOT, 'dist'))) cpSync(join(ROOT, 'dist'), join(clone, 'dist'), { recursive: true });
  await run(clone, 'npm', 'run', 'build');
  const packed = await run(clone, 'npm', 'pack', '--ignore-scripts', '--json', '--pack-destination', app);
  const [{ filename }] = JSON.parse(packed.stdout) as [{ filename: string }];
  writeFileSync(join(app, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  const registry = await openLocalRegistry(t);
  const own = ['@types/node', 'pino'].map(
    (name) => `${name}@${lockedPackages()[`node_modules/${name}`]?.version}`,
  );
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--cache', join(app, '.npm-cache')];
  await run(
    app,
    'npm',
    'install',
    ...quiet,
    '--offline=false',
    '--registry',
    registry,
    `./${filename}`,
    ...own,
  );
}

/** Builds a page with this script. Resolves with its files by their paths. */
async function viteBuild(app: string, name: string, source: string): Promise<Map<string, string>> {
  writeFileSync(join(app, `${name}.js`), source);
  // Its own code for old browsers is no part of the client.
  writeFileSync(
    join(app, 'vite.config.js'),
    'export default { build: { modulePreload: { polyfill: false } } };',
  );
  writeFileSync(join(app, 'index.html'), `<!doctype html><script type="module" src="/${name}.js"></script>`);
  const out = join(app, `built-${name}`);
  const vite = join(ROOT, 'node_modules/vite/bin/vite.js');
  await run(app, process.execPath, vite, 'build', '--outDir', out, '--logLevel', 'warn');
  const paths = readdirSync(out, { recursive: true, encoding: 'utf8' }).filter(
    (path) => extname(path) !== '',
  );
  return new Map(paths.map((path) => [`/${path}`, readFileSync(join(out, path), 'utf8')]));
}

/** Serves these files on loopback; the teardown ends it. */
async function serve(t: Test, files: ReadonlyMap<string, string>): Promise<string> {
  const server = createServer((request, response) => {
    const file = files.get(request.url ?? '');
    if (file === undefined) response.writeHead(404);
    else response.setHeader('content-type', request.url?.endsWith('.js') ? 'text/javascript' : 'text/html');
    response.end(file ?? '');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
