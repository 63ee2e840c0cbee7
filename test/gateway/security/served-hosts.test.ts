import fc from 'fast-check';
import t from 'tap';
import { authorityOf, ServedHosts } from '../../../gateway/security/index.js';

const LOCAL = '127.0.0.1';

/** What leads to this machine, however it is spelt. */
const LOOPBACK = [
  'localhost',
  'LocalHost',
  'localhost.',
  'app.localhost',
  'a.b.localhost.',
  '127.0.0.1',
  '127.0.0.1.',
  '127.255.3.4',
  '2130706433',
  '0x7f.1',
  '0177.0.0.1',
  '127.1',
  '[::1]',
  '[0:0:0:0:0:0:0:1]',
  '[::ffff:127.0.0.1]',
  '[::FFFF:7f00:1]',
];

const FOREIGN = [
  '',
  '.',
  'evil.example',
  'localhost.evil.example',
  'localhost..',
  '.localhost',
  'notlocalhost',
  'local host',
  'localhost%2e',
  'user@localhost',
  'localhost@evil.example',
  'localhost/evil',
  'localhost#evil',
  'localhost, evil.example',
  'localhost\tevil',
  '127.0.0.1.evil.example',
  '127.0.0.1.nip.io',
  '128.0.0.1',
  '10.0.0.1',
  '0.0.0.0',
  '0',
  '3221226219',
  '999.0.0.1',
  '127.0.0.1.5',
  '[::]',
  '[::2]',
  '[::1',
  '::1',
  '[::1]x',
  '[::ffff:10.0.0.1]',
  'ł.localhost.example',
  'xn--localhost',
];

const PORTS = ['', ':', ':80', ':65535'];

t.test('without names a loopback address answers for loopback alone, any other for everything', async (t) => {
  const hosts = new ServedHosts([]);
  for (const port of PORTS) {
    for (const host of LOOPBACK) t.ok(hosts.has(host + port, LOCAL, true), host + port);
    for (const host of FOREIGN) t.notOk(hosts.has(host + port, LOCAL, true), host + port);
    for (const host of [...LOOPBACK, ...FOREIGN]) t.ok(hosts.has(host + port, '10.1.2.3', false), host);
  }
  for (const port of [':x', ':80:80', ':8080/', ':-1']) t.notOk(hosts.has(`localhost${port}`, LOCAL, true));
  t.ok(hosts.has(undefined, LOCAL, true), 'HTTP/1.0 without one');
});

t.test('with names these answer: on a loopback address as well, elsewhere alone', async (t) => {
  const hosts = new ServedHosts([
    'App.Example.com',
    '10.9.9.9',
    'fd00::9',
    'bücher.example',
    '*.tenants.example',
  ]);
  const named = [
    'app.example.com',
    'APP.example.com.',
    '10.9.9.9',
    '[fd00:0::9]',
    'xn--bcher-kva.example',
    'a.tenants.example',
    'a.b.tenants.example',
  ];
  const others = [
    'example.com',
    'x.app.example.com',
    'tenants.example',
    '.tenants.example',
    'eviltenants.example',
  ];
  for (const port of PORTS) {
    for (const host of named) {
      t.ok(hosts.has(host + port, LOCAL, true), host);
      t.ok(hosts.has(host + port, '10.1.2.3', false), host);
    }
    for (const host of [...FOREIGN, ...others]) {
      t.notOk(hosts.has(host + port, LOCAL, true), host);
      t.notOk(hosts.has(host + port, '10.1.2.3', false), host);
    }
    for (const host of LOOPBACK) t.ok(hosts.has(host + port, LOCAL, true), host);
    for (const host of LOOPBACK) t.notOk(hosts.has(host + port, '10.1.2.3', false), host);
  }
  t.ok(hosts.has('10.1.2.3:9090', '10.1.2.3', false), 'the address that the connection came to');
  t.ok(hosts.has('10.1.2.3:9090', '::ffff:10.1.2.3', false), 'the same on a socket for both families');
  t.ok(hosts.has('[fd00::1]', 'fd00::1', false));
  t.ok(hosts.has('[fe80::1]', 'fe80::1%eth0', false));
  t.notOk(hosts.has('10.1.2.4:9090', '10.1.2.3', false), 'another one is not');
  t.ok(new ServedHosts(['*']).has('evil.example', LOCAL, true));
});

t.test('what can never be a host is refused at the start', async (t) => {
  const wrong = [
    '',
    ' ',
    'https://app.example.com',
    'app.example.com/',
    'app.example.com:8080',
    '[fd00::1]:80',
    '10.1.2.3:80',
    'app example',
    'a@b',
    'a..b',
    '.example.com',
    '*.',
    '**',
    '*example.com',
    'a.*.example.com',
    '999.1.1.1',
    '::1::',
    'a%20b',
  ];
  for (const name of wrong) {
    t.throws(() => new ServedHosts([name]), { message: /allowed host .*write a name/ }, name);
  }
});

t.test('the host of an absolute target takes the place of the field', async (t) => {
  const headers = { host: 'field' };
  const cases: [target: string, authority: string][] = [
    ['/x', 'field'],
    ['//evil/x', 'field'],
    ['/x?http://evil/', 'field'],
    ['*', 'field'],
    ['http://evil/x', 'evil'],
    ['HTTP://evil:80?x', 'evil:80'],
    ['https://user@evil#/', 'user@evil'],
    ['ws://evil', 'evil'],
    ['http:///x', ''],
  ];
  for (const [url, authority] of cases) t.equal(authorityOf({ url, headers }), authority, url);
});

t.test('no name of DNS but those that are allowed is ever answered', async (t) => {
  const hosts = new ServedHosts(['app.example.com']);
  const name = fc.domain().filter((one) => !/(^|\.)localhost$/i.test(one) && one !== 'app.example.com');
  const dots = fc.constantFrom('', '.');
  const port = fc.constantFrom(...PORTS);
  const property = fc.property(name, dots, port, fc.boolean(), (host, dot, at, isLoopback) => {
    return !hosts.has(host + dot + at, isLoopback ? LOCAL : '10.1.2.3', isLoopback);
  });
  fc.assert(property, { numRuns: 2_000 });
  const anything = fc.property(
    fc.string({ unit: 'binary' }),
    (text) => typeof hosts.has(text, LOCAL, true) === 'boolean',
  );
  fc.assert(anything, { numRuns: 2_000 });
  t.pass('4,000 hosts');
});
