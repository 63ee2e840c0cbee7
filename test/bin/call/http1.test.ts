import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { createCertificate } from '../../support/certificate.js';
import { openHttp1Proxy } from '../../support/http1-proxy.js';
import { openOwnService } from '../../support/own-service.js';
import { proxyMissing, startNginx } from '../../support/proxies.js';
import { callLine, startCallLine } from '../../support/sluice-call.js';

const PROTO = `
  message Item { string text = 1; int32 number = 2; bytes data = 3; }
  service S {
    rpc One(Item) returns (Item);
    rpc Down(Item) returns (stream Item);
    rpc Up(stream Item) returns (Item);
    rpc Both(stream Item) returns (stream Item);
    rpc Fails(Item) returns (Item);
    rpc FailsLate(Item) returns (stream Item);
    rpc Waits(Item) returns (stream Item);
  }`;

const lines = (...items: object[]) => items.map((item) => `${JSON.stringify(item)}\n`).join('');

async function open(t: Test) {
  return await openOwnService(t, PROTO, (encode) => {
    const out = encode('Item', { text: 'answer', number: 7 });
    return {
      One: [{ headers: [['x-answer', 'yes']] }, { in: 'end' }, { out }],
      Down: [{ in: 'end' }, { out, times: 3 }],
      Up: [{ in: 'end' }, { out }],
      Both: [{ echo: true }],
      Fails: [{ in: 1 }, { status: 'NOT_FOUND', message: 'no 100 % ü', trailers: [['x-end', 'so']] }],
      FailsLate: [{ in: 1 }, { out }, { status: 'ABORTED', message: 'late', trailers: [['x-end', 'so']] }],
      Waits: [{ in: 1 }, { out }, { wait: new Promise(() => {}) }],
    };
  });
}

const ALL: readonly (readonly [line: readonly string[], input: string])[] = [
  [['One', 'text=x'], ''],
  [['Down'], ''],
  [['Up'], lines({ text: 'a' }, { text: 'b' })],
  [['Both', 'number=9'], ''],
  [['Both'], lines({ text: 'a' }, {}, { number: 3 })],
  [['Both'], ''],
  [['Fails'], ''],
  [['FailsLate'], ''],
  [['Waits', '--deadline', '1s'], ''],
];

t.test('where a proxy knows HTTP/1.1 alone, each call ends as it does without it', async (t) => {
  const { url, upstream, decode } = await open(t);
  const proxy = await openHttp1Proxy(t, url);
  for (const [line, input] of ALL) {
    const direct = await callLine(t, [url, ...line], { input });
    for (const flags of [[], ['--http1']]) {
      const before = upstream.calls(`/t.S/${line[0]}`).length;
      const found = await callLine(t, [proxy.url, ...line, ...flags], { input });
      const name = [...line, ...flags].join(' ');
      t.match(found, { code: direct.code, out: direct.out }, name);
      if (line[0] !== 'Waits') t.equal(found.errors, direct.errors, name);
      else t.match(found.errors, /^sluice call: DEADLINE_EXCEEDED/, name);
      const calls = upstream.calls(`/t.S/${line[0]}`);
      t.equal(calls.length, before + 1, `${name}: one call`);
      t.same(
        calls.at(-1)?.received.map((bytes) => decode('Item', bytes)),
        calls.at(before - 1)?.received.map((bytes) => decode('Item', bytes)),
        `${name}: the same messages`,
      );
    }
  }
  t.ok(proxy.contentTypes.includes('application/grpc-web+proto'));
});

t.test('metadata, headers and trailers travel, and -v says which way', async (t) => {
  const { url, upstream } = await open(t);
  const proxy = await openHttp1Proxy(t, url);
  const { errors } = await callLine(t, [proxy.url, 'One', '-H', 'x-one: 1', '-H', 'x-two-bin: AAE=', '-v']);
  t.match(
    errors,
    /^sluice call: no HTTP\/2 on the way to the gateway: calling in gRPC-Web over HTTP\/1\.1\n/,
  );
  t.match(errors, /header x-answer: yes\n/);
  const { metadata } = await upstream.call('/t.S/One');
  const sent = metadata.map(([name, value]) => `${name}: ${value.replace(/=*$/, '')}`);
  for (const pair of ['x-one: 1', 'x-two-bin: AAE']) t.ok(sent.includes(pair), pair);
  const late = await callLine(t, [proxy.url, 'FailsLate', '-v', '--http1']);
  t.match(late.errors, /trailer x-end: so\n/);
});

t.test('a conversation goes both ways at once, and Ctrl-C cancels it at the service', async (t) => {
  const { url, upstream } = await open(t);
  const proxy = await openHttp1Proxy(t, url);
  const call = await startCallLine(t, [proxy.url, 'Both']);
  call.input.write('{"text":"one"}\n');
  await call.until('one');
  call.input.write('{"text":"two"}\n');
  await call.until('two');
  call.interrupt();
  t.equal((await call.ended).code, 65);
  const seen = await upstream.call('/t.S/Both');
  await seen.over;
  t.equal(seen.cancelled, true);
});

t.test('a message of megabytes is sent once more as well; a server of gRPC has no other way', async (t) => {
  const { url } = await open(t);
  const proxy = await openHttp1Proxy(t, url);
  const data = Buffer.alloc(3_000_000, 7).toString('base64');
  const file = join(t.testdir(), 'big.json');
  writeFileSync(file, lines({ data }, { data: 'AAAA' }));
  const found = await callLine(t, [proxy.url, 'Both', '-d', `@${file}`]);
  t.equal(found.code, 0, found.errors);
  t.ok(found.out === lines({ data }, { data: 'AAAA' }));
  t.match(await callLine(t, ['--grpc', proxy.url, 'One']), {
    code: 78,
    errors: /^sluice call: UNAVAILABLE: .*speaks HTTP\/1\.1, not HTTP\/2 \(gRPC\)/,
  });
  t.match(await callLine(t, ['--grpc', proxy.url, 'One', '--http1']), {
    code: 2,
    errors: /^--grpc and --http1 exclude each other/,
  });
});

t.test(
  'nginx as docs/proxies.md has it, with and without TLS',
  { skip: proxyMissing('nginx') },
  async (t) => {
    const { url } = await open(t);
    const ca = createCertificate('ca');
    const server = createCertificate('localhost', { certificate: ca, name: 'ca' });
    const folder = t.testdir({ 'ca.pem': ca.cert, 'cert.pem': server.cert, 'key.pem': server.key });
    const tls = `ssl_certificate ${folder}/cert.pem; ssl_certificate_key ${folder}/key.pem;`;
    const onward = `location / { proxy_pass ${url}; proxy_http_version 1.1; proxy_set_header Host $http_host; proxy_buffering off; proxy_request_buffering off; }`;
    const ways: [name: string, listen: string][] = [
      ['plain', ''],
      ['TLS, HTTP/1.1', 'ssl'],
      ['TLS, HTTP/2 to nginx and HTTP/1.1 behind it', 'ssl http2'],
    ];
    for (const [name, listen] of ways) {
      await t.test(name, async (t) => {
        const nginx = await startNginx(
          t,
          (port) => `server { listen 127.0.0.1:${port} ${listen}; ${listen === '' ? '' : tls} ${onward} }`,
        );
        const address =
          listen === ''
            ? [nginx.url]
            : [
                nginx.url.replace('http:', 'https:'),
                '--ca',
                `${folder}/ca.pem`,
                '--server-name',
                'localhost',
              ];
        t.match(await callLine(t, [...address, 'One', 'text=x']), {
          code: 0,
          out: lines({ text: 'answer', number: 7 }),
          errors: '',
        });
        const call = await startCallLine(t, [...address, 'Both']);
        call.input.write('{"text":"one"}\n');
        await call.until('one');
        call.input.end('{"text":"two"}\n');
        t.match(await call.ended, { code: 0, out: lines({ text: 'one' }, { text: 'two' }), errors: '' });
      });
    }
  },
);
