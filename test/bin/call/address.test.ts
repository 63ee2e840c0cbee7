import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pino } from 'pino';
import t from 'tap';
import { type AddressOptions, isAddress, readAddress } from '../../../bin/call/address.js';
import { UsageError } from '../../../bin/options/index.js';
import { openCore } from '../../../grpc-core/index.js';
import { createCertificate } from '../../support/certificate.js';
import { openOwnService } from '../../support/own-service.js';
import { callLine } from '../../support/sluice-call.js';

const NONE: AddressOptions = {
  address: undefined,
  grpc: false,
  tls: false,
  ca: undefined,
  cert: undefined,
  serverName: undefined,
};

t.test('an address is a host and a port, a URL, or a socket', async (t) => {
  const cases: [options: Partial<AddressOptions>, target: string, isTls: boolean, basePath: string][] = [
    [{}, '127.0.0.1:8080', false, ''],
    [{ grpc: true }, '127.0.0.1:50051', false, ''],
    [{ address: 'localhost:9000' }, 'localhost:9000', false, ''],
    [{ address: '[::1]:9000' }, '[::1]:9000', false, ''],
    [{ address: 'host:443', tls: true }, 'host:443', true, ''],
    [{ address: 'host:443', ca: 'ca.pem' }, 'host:443', true, ''],
    [{ address: 'http://host' }, 'host:80', false, ''],
    [{ address: 'http://host:8080/' }, 'host:8080', false, ''],
    [{ address: 'https://host/api/' }, 'host:443', true, '/api'],
    [{ address: 'HTTPS://host:8443' }, 'host:8443', true, ''],
    [{ address: 'https://host', grpc: true }, 'host:443', true, ''],
    [{ address: 'unix:/run/x.sock', grpc: true }, 'unix:/run/x.sock', false, ''],
  ];
  for (const [options, target, isTls, basePath] of cases) {
    const found = readAddress({ ...NONE, ...options });
    t.match(found, { target, isTls, basePath, isGateway: options.grpc !== true }, JSON.stringify(options));
  }
  for (const address of [
    'host',
    'http://',
    'ftp://host',
    'http://user:secret@host',
    'http://host/?a=1',
    'host:99999',
    'a b:80',
    '',
  ])
    t.throws(() => readAddress({ ...NONE, address }), UsageError, address);
  t.throws(() => readAddress({ ...NONE, address: 'http://host', tls: true }), {
    message: /is without TLS/,
  } as never);
  t.throws(() => readAddress({ ...NONE, serverName: 'x' }), { message: /--server-name needs TLS/ } as never);
  t.throws(() => readAddress({ ...NONE, grpc: true, address: 'http://host/api' }), {
    message: /has no path/,
  } as never);
  for (const text of ['h:80', 'http://h', 'unix:/x', '[::1]:1']) t.ok(isAddress(text), text);
  for (const text of ['pkg.Svc/Method', 'pkg.Svc', 'Method', 'unix']) t.notOk(isAddress(text), text);
});

const PROTO = `
  message Item { string text = 1; }
  service S { rpc One(Item) returns (Item); }`;

t.test('TLS on both sides, a base path, and names of certificates', async (t) => {
  const ca = createCertificate('ca');
  const issuer = { certificate: ca, name: 'ca' };
  const server = createCertificate('localhost', issuer);
  const client = createCertificate('ann', issuer);
  const { url } = await openOwnService(
    t,
    PROTO,
    (encode) => ({ One: [{ in: 'end' }, { out: encode('Item', { text: 'here' }) }] }),
    {
      tls: { ...server, clientCa: ca.cert, clientAuth: 'require' },
      basePath: '/api',
    },
  );
  const folder = t.testdir();
  const file = (name: string, bytes: Buffer) => {
    writeFileSync(join(folder, name), bytes);
    return join(folder, name);
  };
  const own = [
    '--ca',
    file('ca', ca.cert),
    '--cert',
    file('cert', client.cert),
    '--key',
    file('key', client.key),
  ];
  const port = new URL(url).port;
  const good = { code: 0, out: '{"text":"here"}\n', errors: '' };
  t.same(await callLine(t, [`https://localhost:${port}/api`, 'One', ...own]), good);
  t.same(await callLine(t, [`https://localhost:${port}/api`, 'One', ...own, '--http1']), good);
  t.same(
    await callLine(t, [`https://127.0.0.1:${port}/api`, 'One', ...own, '--server-name', 'localhost']),
    good,
  );
  const strange = await callLine(t, [`https://127.0.0.1:${port}/api`, 'One', ...own]);
  t.match(
    strange,
    { code: 78, errors: /^sluice call: UNAVAILABLE: .*127\.0\.0\.1/ },
    'the name in the certificate counts',
  );
  t.equal(
    (
      await callLine(t, [
        `https://localhost:${port}/api`,
        'One',
        '--cert',
        own[3] ?? '',
        '--key',
        own[5] ?? '',
      ])
    ).code,
    78,
    'an authority that is not known',
  );
  t.equal((await callLine(t, [`http://localhost:${port}/api`, 'One'])).code, 78, 'no TLS');
  t.match(await callLine(t, ['One', '--cert', own[3] ?? '']), {
    code: 2,
    errors: /--cert and --key belong together/,
  });
});

t.test('what is no gateway, or needs --grpc, is told as that', async (t) => {
  const core = await openCore({
    listen: '127.0.0.1:0',
    dataDir: t.testdir(),
    log: pino({ level: 'silent' }),
  });
  t.teardown(() => core.close());
  const web = createServer((_, response) => response.writeHead(404).end('<h1>Not found</h1>'));
  t.teardown(() => web.close());
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
  const { port } = web.address() as AddressInfo;
  t.match(await callLine(t, [core.address, 'GetStockQuote']), {
    code: 78,
    errors: /a gRPC server is called with --grpc/,
  });
  t.match(await callLine(t, [`127.0.0.1:${port}`, 'X']), {
    code: 76,
    errors: /answers with HTTP 404 and seems to be no Sluice gateway/,
  });
  t.match(await callLine(t, ['--grpc', `127.0.0.1:${port}`, 'X']), {
    code: 78,
    errors: /speaks HTTP\/1\.1, not HTTP\/2/,
  });
  const quote = await callLine(t, ['--grpc', core.address, 'GetStockQuote', 'symbol=AAPL']);
  t.match(quote, { code: 0, out: /^\{"symbol":"AAPL",/, errors: '' }, 'the methods by reflection');
  t.match(await callLine(t, ['--address', core.address, core.address, 'X']), {
    code: 2,
    errors: /the address is given twice/,
  });
  const variable = { environment: { SLUICE_ADDRESS: '127.0.0.1:1', SLUICE_GRPC: '1' } };
  t.equal(
    (await callLine(t, [core.address, 'GetStockQuote', 'symbol=AAPL'], variable)).code,
    0,
    'an argument wins over the variable',
  );
});
