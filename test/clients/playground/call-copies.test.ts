import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { pino } from 'pino';
import t, { type Test } from 'tap';
import { callCopies } from '../../../clients/playground/share/call-copies.js';
import { createCallHistory, MAX_PAST_CALLS } from '../../../clients/playground/share/call-history.js';
import { callFromHash, hashFromCall, MAX_LINK_LENGTH } from '../../../clients/playground/share/call-link.js';
import type { CopiedCall } from '../../../clients/playground/share/copied-call.js';
import { queryFromRequest } from '../../../clients/playground/share/query-text.js';
import { withoutSecrets } from '../../../clients/playground/share/without-secrets.js';
import { openGateway, schemaFromProtoFiles } from '../../../gateway/index.js';
import { openCore } from '../../../grpc-core/index.js';
import { allTypes } from '../../gateway/codec/all-types.js';
import { closeInTeardown } from '../../support/given-back.js';
import { transpile } from '../transpiled.js';

const run = promisify(execFile);
const PROTO = fileURLToPath(new URL('../../../proto/streaming.proto', import.meta.url));
const log = pino({ level: 'silent' });
const SERVICE = '/streaming.StreamingService/';

/** A gateway before the core, and its address. */
async function openCoreGateway(t: Test, dataDir: string): Promise<string> {
  const core = await openCore({ listen: '127.0.0.1:0', dataDir, dataIntervalMs: 20, log });
  t.teardown(() => core.close());
  const gateway = await openGateway({
    upstream: core.address,
    listen: '127.0.0.1:0',
    adminListen: '127.0.0.1:0',
    graceMs: 100,
    schema: await schemaFromProtoFiles([PROTO]),
    log,
  });
  closeInTeardown(t, gateway);
  return gateway.url;
}

const quote = 'it\'s $(id) `id` "x" \\ ü';

/** A call of each kind that ends by itself, and what its answers hold. */
const CALLS: readonly (Pick<CopiedCall, 'kind' | 'path' | 'messages'> & { readonly answer: RegExp })[] = [
  { kind: 'unary', path: `${SERVICE}GetStockQuote`, messages: ['{\n  "symbol": "AAPL"\n}'], answer: /AAPL/ },
  {
    kind: 'server_stream',
    path: `${SERVICE}ControlledStream`,
    messages: ['{"startFromId":10}'],
    answer: /\b11\b[\s\S]*\b110\b/,
  },
  {
    kind: 'client_stream',
    path: `${SERVICE}ProcessBatch`,
    messages: [
      JSON.stringify({ id: quote, type: 'text', data: 'SGVsbG8=' }),
      JSON.stringify({ id: '2', type: 'none', data: 'SGVsbG8=' }),
    ],
    answer: /processedCount\W+2\b[\s\S]*failedIds/,
  },
  {
    kind: 'bidi_stream',
    path: `${SERVICE}Chat`,
    messages: [JSON.stringify({ userId: 'ann', roomId: 'lobby', message: quote })],
    answer: /it's \$\(id\) `id`/,
  },
];

/** Each program escapes in its own way. */
function plain(text: string): string {
  return text.replaceAll('\\', '');
}

function copyOf(call: CopiedCall, id: string): string {
  const found = callCopies(call).find((copy) => copy.id === id);
  if (found === undefined) throw new Error(`no ${id}`);
  return found.text;
}

t.test('every copied call that can run here runs as it is', async (t) => {
  const folder = t.testdir();
  // The package, as `npm install sluice` puts it beside the module.
  for (const part of ['retry', 'browser']) transpile(`clients/${part}`, folder);
  const installed = join(folder, 'node_modules', 'sluice');
  mkdirSync(installed, { recursive: true });
  writeFileSync(
    join(installed, 'package.json'),
    JSON.stringify({ name: 'sluice', type: 'module', exports: { './browser': './browser.js' } }),
  );
  const entry = pathToFileURL(join(folder, 'clients', 'browser', 'index.js')).href;
  writeFileSync(join(installed, 'browser.js'), `export * from ${JSON.stringify(entry)};`);
  writeFileSync(join(folder, 'clients', 'package.json'), '{"type":"module"}');
  const gatewayAddress = await openCoreGateway(t, join(folder, 'data'));
  // Node 20 has a WebSocket that must be asked for.
  const flags = globalThis.WebSocket === undefined ? ['--experimental-websocket'] : [];
  const module = async (name: string, text: string) => {
    const file = join(folder, `${name}.mjs`);
    writeFileSync(file, text);
    return (await run(process.execPath, [...flags, '--no-warnings', file])).stdout;
  };
  for (const { kind, path, messages, answer } of CALLS) {
    const call = {
      kind,
      path,
      messages,
      gatewayAddress,
      headers: { 'grpc-metadata-who': quote.slice(0, 20) },
      query: '',
    };
    await t.test(kind, async (t) => {
      const shell = await run('sh', [
        '-c',
        copyOf(call, 'curl').replace('curl ', 'curl -sS --fail-with-body '),
      ]);
      t.match(plain(shell.stdout), answer, 'curl');
      t.match(plain(await module(`${kind}-fetch`, copyOf(call, 'fetch'))), answer, 'fetch');
      t.match(plain(await module(`${kind}-sdk`, copyOf(call, 'sdk'))), answer, 'SDK');
    });
  }
});

t.test('what cannot run here has the arguments that it should have', async (t) => {
  const wordsOf = async (command: string, program: string) => {
    const { stdout } = await run('sh', ['-c', `${program}() { printf '%s\\0' "$@"; }; ${command}`]);
    return stdout.split('\0').slice(0, -1);
  };
  const call: CopiedCall = {
    kind: 'bidi_stream',
    path: '/a.B/C',
    messages: ['{ "text": "it\'s" }', '{"text":2}'],
    gatewayAddress: 'https://api.example.com/prefix',
    headers: { authorization: 'Bearer x', 'grpc-metadata-who': 'Ada' },
    query: undefined,
  };
  t.same(await wordsOf(copyOf({ ...call, gatewayAddress: 'http://127.0.0.1:8080' }, 'grpcurl'), 'grpcurl'), [
    '-plaintext',
    ...['-H', 'authorization: Bearer x', '-H', 'who: Ada'],
    ...['-d', '{"text":"it\'s"}\n{"text":2}'],
    '127.0.0.1:8080',
    'a.B/C',
  ]);
  t.same((await wordsOf(copyOf(call, 'grpcurl'), 'grpcurl')).slice(-2), ['api.example.com:443', 'a.B/C']);
  t.same(await wordsOf(copyOf(call, 'wscat'), 'npx'), [
    ...['wscat', '-c', 'wss://api.example.com/prefix/a.B/C'],
    ...['-H', 'authorization: Bearer x', '-H', 'grpc-metadata-who: Ada'],
    ...['-x', '{"text":"it\'s"}', '-w', '3600'],
  ]);
  const ids = (kind: CopiedCall['kind'], query: string | undefined) =>
    callCopies({ ...call, kind, query }).map(({ id }) => id);
  t.notOk(ids('client_stream', '').includes('wscat'), 'it never half-closes');
  t.notOk(ids('unary', '').includes('eventsource'));
  t.notOk(ids('server_stream', undefined).includes('eventsource'), 'a method with side effects has no GET');
  t.ok(ids('server_stream', '').includes('eventsource'));
});

t.test('a call is a link, and a link is a call', async (t) => {
  for (const request of ['{"a":"ü & ? # %"}', '{"a":{"b":[1,null]}}', '{}']) {
    const hash = hashFromCall({ path: '/a.B/C', request });
    t.same(callFromHash(hash), { path: '/a.B/C', request });
    t.equal(new URL(hash, 'http://x/').hash, hash, 'it stays as it is in an address');
  }
  t.equal(hashFromCall({ path: '/a.B/C', request: '{' }), '#/a.B/C', 'what is no JSON is left out');
  t.equal(hashFromCall({ path: '/a.B/C', request: JSON.stringify('x'.repeat(MAX_LINK_LENGTH)) }), '#/a.B/C');
  t.same(callFromHash('#/a.B/C?request=%7B'), { path: '/a.B/C', request: undefined });
  t.same(callFromHash('#/a.B/C?other=1&request=%7B%7D'), { path: '/a.B/C', request: '{}' });
  const location = '/base/_sluice/calls/a-b_1';
  const joined = hashFromCall({ path: '/a.B/C', request: '{}', location });
  t.same(callFromHash(joined), { path: '/a.B/C', request: undefined, location });
  for (const odd of ['https://x.test/_sluice/calls/a', '//x.test/_sluice/calls/a', '/a', 'a', '%', ''])
    t.same(callFromHash(`#/a.B/C?call=${odd}`), { path: '/a.B/C', request: undefined }, odd);
  t.same(callFromHash('#%'), { path: '', request: undefined });
});

t.test('the history is bounded, survives the page, and holds no secrets', async (t) => {
  const stored = new Map<string, string>();
  const storage = {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => void stored.set(key, value),
    removeItem: (key: string) => void stored.delete(key),
  };
  const history = createCallHistory(storage);
  for (let number = 0; number < 2 * MAX_PAST_CALLS; number += 1)
    history.add({ path: '/a.B/C', request: `{"n":${number}}`, atMs: number });
  history.add({ path: '/a.B/C', request: '{"n":60}', atMs: 1_000 });
  t.equal(history.calls.length, MAX_PAST_CALLS);
  t.same(history.calls[0], { path: '/a.B/C', request: '{"n":60}', atMs: 1_000 });
  t.equal(history.calls.filter(({ request }) => request === '{"n":60}').length, 1);
  t.same(createCallHistory(storage).calls, history.calls);
  history.add({ path: '/a.B/C', request: 'x'.repeat(100_000), atMs: 0 });
  t.equal(history.calls[0]?.request, '', 'a request that is long is not kept');
  history.clear();
  t.equal(stored.size, 0);

  for (const odd of ['{', '1', 'null', '[1,null,{"path":1}]', '[{"path":"x","request":"","atMs":1}]']) {
    t.same(createCallHistory({ ...storage, getItem: () => odd }).calls, [], odd);
  }
  const refusing = {
    ...storage,
    getItem: (): string => {
      throw new Error('forbidden');
    },
    setItem: () => {
      throw new Error('full');
    },
  };
  const kept = createCallHistory(refusing);
  kept.add({ path: '/a.B/C', request: '{}', atMs: 0 });
  t.equal(kept.calls.length, 1, 'it lasts as long as the page');

  t.same(
    withoutSecrets({
      user: 'ann',
      password: 'x',
      apiKey: 'x',
      inner: [{ access_token: 'x', tokenCount: 2 }],
      authorization: 'x',
    }),
    { user: 'ann', inner: [{ tokenCount: 2 }] },
  );
});

t.test('a request is a query as the gateway reads it, or none', async (t) => {
  const type = allTypes.getMessage('c.All');
  if (type === undefined) return t.fail('no c.All');
  t.equal(queryFromRequest(type, {}), '');
  t.equal(
    decodeURIComponent(
      queryFromRequest(type, {
        optionalInt32: 1,
        repeatedString: ['a', 'b&'],
        optionalNested: { a: 2 },
        mapStringString: { k: 'v' },
        timestamp: '2024-05-01T12:00:00Z',
        optionalString: null,
      }) ?? '',
    ),
    'optionalInt32=1&optionalNested.a=2&repeatedString=a&repeatedString=b&&mapStringString[k]=v&timestamp=2024-05-01T12:00:00Z',
  );
  for (const request of [
    { repeatedNested: [{}] },
    { mapStringNested: { a: {} } },
    { struct: {} },
    { any: {} },
    [],
    1,
  ])
    t.equal(queryFromRequest(type, request), undefined, JSON.stringify(request));
});
