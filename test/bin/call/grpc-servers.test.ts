import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Metadata, Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js';
import t, { type Test } from 'tap';
import { createCertificate } from '../../support/certificate.js';
import { sluice } from '../../support/process.js';

const PROTO = `syntax = "proto3"; package shop.v1;
import "shop/types.proto";
service Shop { rpc Find(Item) returns (Item); }
`;
const TYPES = `syntax = "proto3"; package shop.v1;
message Item { string name = 1; int32 count = 2; repeated string tags = 3; }
`;

/** A folder whose paths are short enough for sockets, with the protos and the certificates of a server on grpc-js. */
function openFolder(t: Test) {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const file = (name: string, content: string | Buffer) => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  mkdirSync(join(folder, 'shop'));
  file('shop/types.proto', TYPES);
  const ca = createCertificate('ca');
  const issuer = { certificate: ca, name: 'ca' };
  const server = createCertificate('shop.example', issuer);
  const client = createCertificate('ann', issuer);
  const schema = ['--proto', file('shop.proto', PROTO), '--proto-path', folder];
  return { folder, file, ca, server, client, schema };
}

/** A server that answers with what it was sent, and says by which name it was called. */
async function openShop(t: Test, address: string, credentials: ServerCredentials): Promise<number> {
  const bytes = (value: Buffer) => value;
  const server = new Server();
  server.addService(
    {
      Find: {
        path: '/shop.v1.Shop/Find',
        requestStream: false,
        responseStream: false,
        requestSerialize: bytes,
        requestDeserialize: bytes,
        responseSerialize: bytes,
        responseDeserialize: bytes,
      },
    },
    {
      Find: (call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) => {
        const metadata = new Metadata();
        metadata.set('called-as', call.getHost());
        call.sendMetadata(metadata);
        answer(null, call.request);
      },
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(address, credentials, (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  t.teardown(() => server.forceShutdown());
  return port;
}

t.test(
  'a server on grpc-js is called at a socket, and over TLS with certificates of both sides',
  async (t) => {
    const { folder, file, ca, server, client, schema } = openFolder(t);
    const socket = `unix:${join(folder, 'shop.sock')}`;
    await openShop(t, socket, ServerCredentials.createInsecure());
    const port = await openShop(
      t,
      '127.0.0.1:0',
      ServerCredentials.createSsl(ca.cert, [{ private_key: server.key, cert_chain: server.cert }], true),
    );
    const trust = ['--ca', file('ca.pem', ca.cert), '--server-name', 'shop.example'];
    const own = ['--cert', file('cert.pem', client.cert), '--key', file('key.pem', client.key)];
    const tls = `https://127.0.0.1:${port}`;
    const call = async (...line: string[]) => {
      const running = sluice(t, ['call', '--grpc', ...line]);
      const code = await running.exit;
      return { code, out: running.lines.join('\n'), errors: running.errors.join('\n') };
    };
    const asked = [...schema, 'Shop/Find', 'name=pen', 'count=2'];
    const good = { code: 0, out: '{"name":"pen","count":2}' };
    t.match(await call(socket, ...asked, '-v'), { ...good, errors: /header called-as: localhost/ });
    t.match(await call(tls, ...trust, ...own, ...asked), { ...good, errors: '' });
    t.match(
      await call(
        `127.0.0.1:${port}`,
        '--tls',
        ...trust,
        ...own,
        ...asked,
        '--authority',
        'shop.internal',
        '-v',
      ),
      {
        ...good,
        errors: /header called-as: shop\.internal/,
      },
    );
    t.match(
      await call(tls, ...trust, ...asked),
      { code: 78, errors: /^sluice call: UNAVAILABLE: / },
      'no certificate',
    );
    t.match(
      await call(tls, ...own, ...asked),
      { code: 78, errors: /UNAVAILABLE: .*certificate/ },
      'a strange authority',
    );
    t.match(await call(`127.0.0.1:${port}`, ...asked), { code: 78, errors: /UNAVAILABLE/ }, 'no TLS');
    t.match(await call(tls, ...trust, ...own, 'Shop/Find'), {
      code: 76,
      errors: /it has no server reflection, so give its schema with --proto or --descriptor-set/,
    });
    t.match(await call(`${socket}x`, ...asked), { code: 78, errors: /UNAVAILABLE: .*shop\.sockx/ });
    t.match(await call(`${socket}x`, 'Shop/Find'), { code: 78, errors: /UNAVAILABLE: unix:.*shop\.sockx/ });
    t.same((await call(socket, ...asked, '--emit-defaults')).out, '{"name":"pen","count":2,"tags":[]}');
    t.same(
      (await call(socket, ...schema, 'Shop/Find', '--emit-defaults')).out,
      '{"name":"","count":0,"tags":[]}',
    );
  },
);

t.test('who writes as for grpcurl is told what it is here', async (t) => {
  const cases: [line: string[], error: RegExp][] = [
    [
      ['call', '-plaintext', 'h:1', 'X'],
      /unknown option -plaintext, as grpcurl has it: an address without https/,
    ],
    [['call', '--max-time', '5', 'X'], /unknown option --max-time, as grpcurl has it: write --deadline 5s/],
    [['list', '-plaintext', 'h:1'], /unknown option -plaintext, as grpcurl/],
    [
      ['call', '-format', 'text', 'X'],
      /unknown option -format, as grpcurl has it: requests and answers are JSON/,
    ],
    [['call', '-xyz'], /unknown option -xyz \(see/],
    [['gateway', '-plaintext'], /unknown option -plaintext \(see/],
    [
      ['call', 'localhost', 'Find'],
      /unexpected argument "Find": .*an address with its port, like localhost:8080/,
    ],
  ];
  for (const [line, error] of cases) {
    const running = sluice(t, line);
    t.equal(await running.exit, 2, line.join(' '));
    t.match(running.errors.join('\n'), error);
  }
});
