import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createHttp2Server } from 'node:http2';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import t, { type Test } from 'tap';
import { openGrpcJsTransport } from '../../../gateway/upstream/grpc-js/index.js';
import { openHttp2Transport } from '../../../gateway/upstream/index.js';
import { socketPathOf } from '../../../gateway/upstream/socket-path.js';

const TRANSPORTS = { http2: openHttp2Transport, 'grpc-js': openGrpcJsTransport };
const METHOD = '/t.T/Authority';

/** A path of a socket has little room, and a checkout may lie deep. */
function shortFolder(t: Pick<Test, 'teardown'>): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** A grpc-js server at a path, that answers each message with the authority it was called by. */
async function startAt(t: Pick<Test, 'teardown'>, address: string): Promise<void> {
  const bytes = (value: Buffer) => value;
  const server = new Server();
  server.addService(
    {
      Authority: {
        path: METHOD,
        requestStream: true,
        responseStream: true,
        requestSerialize: bytes,
        requestDeserialize: bytes,
        responseSerialize: bytes,
        responseDeserialize: bytes,
      },
    },
    {
      Authority: (stream: ServerDuplexStream<Buffer, Buffer>) => {
        stream.on('data', () => stream.write(Buffer.from(stream.getHost())));
        stream.on('end', () => stream.end());
      },
    },
  );
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error) =>
      error === null ? resolve() : reject(error),
    );
  });
  t.teardown(() => server.forceShutdown());
}

/** A bare HTTP/2 server on an abstract socket, which no library of Node can bind by name; it answers with one message. */
async function startAbstract(t: Pick<Test, 'teardown'>, name: string): Promise<void> {
  const server = createHttp2Server();
  server.on('stream', (stream, headers) => {
    const text = Buffer.from(String(headers[':authority']));
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(Buffer.concat([Buffer.from([0, 0, 0, 0, text.length]), text]));
  });
  await new Promise<void>((resolve) => server.listen(`\0${name}`, resolve));
  t.teardown(() => server.close());
}

async function authorityAt(
  t: Pick<Test, 'teardown'>,
  name: keyof typeof TRANSPORTS,
  target: string,
  authority?: string,
): Promise<string> {
  const transport = TRANSPORTS[name]({ target, ...(authority === undefined ? {} : { authority }) });
  t.teardown(() => transport.close());
  const call = transport.open(METHOD, { metadata: [], signal: AbortSignal.timeout(60_000) });
  await call.write([Buffer.from('x')]);
  call.halfClose();
  const batch = await call.read();
  const status = await call.status;
  if (batch === undefined) return `${status.code}: ${status.message}`;
  return Buffer.from(batch.message(0)).toString();
}

for (const name of ['http2', 'grpc-js'] as const) {
  t.test(`${name} calls services on sockets of this machine`, async (t) => {
    const path = join(shortFolder(t), 'a b.sock');
    await startAt(t, `unix:${path}`);
    for (const target of [`unix:${path}`, `unix://${path}`]) {
      t.equal(await authorityAt(t, name, target), 'localhost', target);
      t.equal(await authorityAt(t, name, target, 'orders.example:443'), 'orders.example:443', target);
    }
    t.match(await authorityAt(t, name, `unix:${path}x`), /^14: /, 'nobody listens there');
  });

  t.test(
    `${name} calls services on abstract sockets`,
    { skip: process.platform !== 'linux' && 'only Linux has them' },
    async (t) => {
      const abstract = `sluice-${process.pid}-${name}`;
      await startAbstract(t, abstract);
      t.equal(await authorityAt(t, name, `unix-abstract:${abstract}`), 'localhost');
      t.equal(await authorityAt(t, name, `unix-abstract:${abstract}`, 'inner'), 'inner');
    },
  );

  t.test(`${name} refuses what is no socket and no authority when it is opened`, async (t) => {
    t.throws(
      () => TRANSPORTS[name]({ target: 'unix:' }),
      /unix:.*the path is missing.*unix:\/run\/app\.sock/,
    );
    t.throws(() => TRANSPORTS[name]({ target: `unix:/${'x'.repeat(107)}` }), /longer than 107 bytes/);
    t.throws(() => TRANSPORTS[name]({ target: 'unix://host/path' }), /absolute path/);
    t.throws(() => TRANSPORTS[name]({ target: 'unix:a\0b' }), /must not contain NUL/);
    for (const authority of ['', 'a b', 'a/b', 'user@host', 'é', 'a\r\nb']) {
      t.throws(() => TRANSPORTS[name]({ target: 'unix:a', authority }), /authority/, authority);
    }
  });
}

/** Whether this Node gives abstract sockets names of full length, which only others like it find. Node 20 does. */
async function padsAbstractNames(): Promise<boolean> {
  const name = `sluice-probe-${process.pid}`;
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(`\0${name}`, resolve));
  const isExact = readFileSync('/proc/net/unix', 'latin1').includes(`@${name}\n`);
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return !isExact;
}

const python = '/usr/bin/python3';
const hasGrpc = existsSync(python) && spawnSync(python, ['-c', 'import grpc']).status === 0;

t.test(
  'a server of grpcio is reached on both kinds of socket',
  {
    skip:
      !(hasGrpc && process.platform === 'linux') && 'python3-grpcio is not installed, or this is no Linux',
  },
  async (t) => {
    const targets = [`unix:${join(shortFolder(t), 's')}`, `unix-abstract:sluice-python-${process.pid}`];
    const script = fileURLToPath(new URL('./foreign-sockets.py', import.meta.url));
    const child = spawn(python, [script, ...targets], { stdio: ['pipe', 'pipe', 'inherit'] });
    t.teardown(async () => {
      child.stdin.end();
      if (child.exitCode === null) await once(child, 'exit');
    });
    await once(createInterface({ input: child.stdout }), 'line');
    const [path, abstract] = targets as [string, string];
    for (const name of ['http2', 'grpc-js'] as const)
      t.equal(await authorityAt(t, name, path), 'python', name);
    const padded = await padsAbstractNames();
    t.test(
      'the abstract one',
      { skip: padded && 'this Node fills abstract names up with NUL' },
      async (t) => {
        for (const name of ['http2', 'grpc-js'] as const) {
          t.equal(await authorityAt(t, name, abstract), 'python', name);
        }
      },
    );
  },
);

t.test('targets that are sockets, and their paths', async (t) => {
  for (const [target, path] of [
    ['unix:a', 'a'],
    ['unix:/a/b', '/a/b'],
    ['unix:///a/b', '/a/b'],
    ['unix-abstract:a', '\0a'],
    ['unix-abstract:a\0b', '\0a\0b'],
    ['unix-abstract://a', '\0//a'],
    ['127.0.0.1:1', undefined],
    ['dns:///unix:1', undefined],
    ['unixes:1', undefined],
  ] as const) {
    t.equal(socketPathOf(target), path, target);
  }
});
