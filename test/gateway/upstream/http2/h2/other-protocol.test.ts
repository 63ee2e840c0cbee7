import { mkdtempSync, rmSync } from 'node:fs';
import { createServer as createHttp1 } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTls } from 'node:tls';
import t, { type Test } from 'tap';
import { otherProtocol } from '../../../../../gateway/upstream/http2/h2/other-protocol.js';
import { openHttp2Transport } from '../../../../../gateway/upstream/index.js';
import { createCertificate } from '../../../../support/certificate.js';

async function portOf(t: Pick<Test, 'teardown'>, server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  return (server.address() as AddressInfo).port;
}

t.test('a service that speaks something else is named as such, also to clients', async (t) => {
  const authority = createCertificate('authority');
  const server = createCertificate('localhost', { certificate: authority, name: 'authority' });
  const tls = { ca: authority.cert, serverName: 'localhost' };
  const answering = (text: string) =>
    createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.end(text));
    });
  const cases: [name: string, server: Server, secure: boolean, text: RegExp][] = [
    [
      'Node over HTTP/1.1',
      createHttp1((_request, response) => response.end()),
      false,
      /speaks HTTP\/1\.1, not HTTP\/2 \(gRPC\)$/,
    ],
    [
      'HTTP/1.0',
      answering('HTTP/1.0 400 Bad Request\r\n\r\n'),
      false,
      /speaks HTTP\/1\.0, not HTTP\/2 \(gRPC\)$/,
    ],
    [
      'a page without a status line, as Python sends it',
      answering('<!DOCTYPE HTML>\n<html lang="en">'),
      false,
      /speaks HTTP\/1\.0, not HTTP\/2 \(gRPC\): it sends a page without a status line$/,
    ],
    ...['SSH-2.0-OpenSSH_9.2\r\n', '220 mail ESMTP\r\n', '-ERR unknown command\r\n', '\r\n\r\nlogin: '].map(
      (banner): [string, Server, boolean, RegExp] => [
        banner,
        answering(banner),
        false,
        /speaks a protocol of text lines, not HTTP\/2 \(gRPC\)$/,
      ],
    ),
    [
      'TLS, called in plain text',
      createTls(server),
      false,
      /speaks TLS: see --upstream-tls$|no connection to the upstream/,
    ],
    ['an alert of TLS', answering('\x15\x03\x01\x00\x02\x02\x46'), false, /speaks TLS: see --upstream-tls$/],
    ['HTTP/1.1, called with TLS', createHttp1(), true, /does not speak TLS$/],
    ['HTTPS without HTTP/2', createHttps(server), true, /does not offer HTTP\/2 \(gRPC\) over TLS$/],
  ];
  for (const [name, listener, secure, text] of cases) {
    const port = await portOf(t, listener);
    const transport = openHttp2Transport({ target: `127.0.0.1:${port}`, ...(secure ? { tls } : {}) });
    t.teardown(() => transport.close());
    const call = transport.open('/t.T/M', { metadata: [], signal: AbortSignal.timeout(60_000) });
    const { code, message, publicMessage } = await call.status;
    t.equal(code, 14, name);
    t.match(publicMessage ?? message, text, name);
    if (!text.source.includes('|')) t.match(message, `the service at 127.0.0.1:${port} `, name);
  }
});

t.test(
  'the greeting is one write, so that a peer which answers its first line and closes is heard',
  async (t) => {
    // The path of a socket has 107 bytes at most.
    const folder = mkdtempSync(join(tmpdir(), 'sluice-'));
    t.teardown(() => rmSync(folder, { recursive: true }));
    for (let round = 0; round < 20; round += 1) {
      const path = join(folder, `${round}.sock`);
      const first: number[] = [];
      const server = createServer((socket) => {
        socket.on('error', () => {});
        socket.once('data', (chunk) => {
          first.push(chunk.length);
          socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
          socket.destroySoon();
        });
      });
      await new Promise<void>((resolve) => server.listen(path, resolve));
      const transport = openHttp2Transport({ target: `unix:${path}` });
      const call = transport.open('/t.T/M', { metadata: [], signal: AbortSignal.timeout(60_000) });
      t.match((await call.status).message, /speaks HTTP\/1\.1/);
      t.ok((first[0] ?? 0) > 24, 'more than the preface');
      await transport.close();
      server.close();
    }
  },
);

t.test('what comes in pieces is told as soon as it can be', async (t) => {
  t.equal(otherProtocol('HTTP/1'), undefined);
  t.match(otherProtocol('HTTP/1.1 '), /HTTP\/1\.1/);
  t.equal(otherProtocol('\0\0\x06\x04\0\0\0\0\0'), undefined, 'HTTP/2');
  t.equal(otherProtocol(''), undefined);
  for (const begun of ['H', 'HTTP', 'HTTP/', 'SSH', '<', '\x15'])
    t.equal(otherProtocol(begun), undefined, begun);
  t.match(otherProtocol('SSH-2.0-x'), /text lines/);
  t.match(otherProtocol('<htm'), /a page/);
});
