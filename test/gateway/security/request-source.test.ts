import type { Socket } from 'node:net';
import fc from 'fast-check';
import t from 'tap';
import { requestSource, TrustedProxies } from '../../../gateway/security/index.js';
import { addressGroup, normalAddress } from '../../../gateway/security/ip-address.js';

const PROXIES = new TrustedProxies(['10.0.0.0/8', 'fd00::/8', '192.0.2.7']);

function sourceOf(peer: string | undefined, headers: Record<string, string>, trusted = PROXIES) {
  return requestSource({ socket: { remoteAddress: peer } as Socket, headers }, trusted);
}

t.test('an address has one spelling, and IPv6 counts by its /64', async (t) => {
  const cases: [given: string, normal: string | undefined, group?: string][] = [
    ['203.0.113.9', '203.0.113.9', '203.0.113.9'],
    ['::ffff:203.0.113.9', '203.0.113.9', '203.0.113.9'],
    ['::FFFF:CB00:7109', '203.0.113.9', '203.0.113.9'],
    ['64:ff9b::203.0.113.9', '203.0.113.9', '203.0.113.9'],
    ['64:ff9b:0:0:0:1::', '64:ff9b::1:0:0', '64:ff9b:0:0::/64'],
    ['::1', '::1', '0:0:0:0::/64'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::ffff', '2001:db8:1:2::ffff', '2001:db8:1:2::/64'],
    ['fe80::1%eth0', 'fe80::1', 'fe80:0:0:0::/64'],
    ['1.2.3', undefined],
    ['01.2.3.4', undefined],
    ['1.2.3.4.5', undefined],
    ['::1::', undefined],
    ['localhost', undefined],
    ['', undefined],
  ];
  for (const [given, normal, group] of cases) {
    t.equal(normalAddress(given), normal, given);
    if (normal !== undefined) t.equal(addressGroup(normal), group, `group of ${given}`);
  }
  t.equal(addressGroup(''), '');
});

t.test('what the client sends about itself counts for nothing without a trusted proxy', async (t) => {
  const headers = {
    'x-forwarded-for': '198.51.100.1',
    forwarded: 'for=198.51.100.1;proto=https;host=evil.example',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'evil.example',
  };
  const expected = { address: '203.0.113.9', isProxied: false, proto: undefined, host: undefined };
  t.match(sourceOf('203.0.113.9', headers), expected);
  t.match(sourceOf('10.0.0.1', headers, new TrustedProxies([])), { address: '10.0.0.1', isProxied: false });
  t.match(sourceOf(undefined, headers), { address: '', group: '', isProxied: false });
});

t.test('lists are read from the nearest proxy outwards, as far as the proxies are trusted', async (t) => {
  const cases: [list: string, address: string][] = [
    ['203.0.113.9', '203.0.113.9'],
    ['198.51.100.1, 203.0.113.9', '203.0.113.9'],
    ['198.51.100.1, 203.0.113.9, 10.1.1.1, fd00::1', '203.0.113.9'],
    ['198.51.100.1,203.0.113.9,192.0.2.7', '203.0.113.9'],
    ['10.9.9.9, 10.1.1.1', '10.9.9.9'],
    ['203.0.113.9:4711', '203.0.113.9'],
    ['2001:db8::1', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['[2001:db8::1]:4711', '2001:db8::1'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['198.51.100.1, unknown', '10.0.0.1'],
    ['198.51.100.1, unknown, 10.3.3.3', '10.3.3.3'],
    ['198.51.100.1, _hidden', '10.0.0.1'],
    ['198.51.100.1, 1.2.3.4.5', '10.0.0.1'],
    ['198.51.100.1, [1.2.3.4]', '10.0.0.1'],
    ['198.51.100.1, [2001:db8::1', '10.0.0.1'],
    [' , ,203.0.113.9, ', '203.0.113.9'],
    ['', '10.0.0.1'],
  ];
  for (const [list, address] of cases) {
    t.match(sourceOf('10.0.0.1', { 'x-forwarded-for': list }), { address, isProxied: true }, list);
    t.equal(sourceOf('::ffff:10.0.0.1', { 'x-forwarded-for': list }).isProxied, true);
    const members = list.split(',').map((member) => member.trim());
    const quoted = members.filter(Boolean).map((member) => `for="${member}"`);
    t.equal(sourceOf('10.0.0.1', { forwarded: quoted.join(', ') }).address, address, quoted.join(', '));
    const both = { 'x-forwarded-for': list, forwarded: quoted.join(', ') };
    t.equal(sourceOf('10.0.0.1', both).address, address, 'both agree');
  }
});

t.test('where both kinds of header are there, only what they agree on counts', async (t) => {
  const spoofed = [
    { 'x-forwarded-for': '203.0.113.9', forwarded: 'for=198.51.100.1' },
    { 'x-forwarded-for': '198.51.100.1', forwarded: 'for=203.0.113.9' },
    { 'x-forwarded-for': '203.0.113.9', forwarded: 'nonsense' },
    { 'x-forwarded-for': '203.0.113.9', forwarded: 'for="203.0.113.9' },
  ];
  for (const headers of spoofed) t.equal(sourceOf('10.0.0.1', headers).address, '10.0.0.1');
  const disputed = { 'x-forwarded-host': 'a.example', forwarded: 'for=203.0.113.9;host=b.example' };
  t.equal(sourceOf('10.0.0.1', disputed).host, undefined);
});

t.test('protocol and host are those of the proxy that met the client', async (t) => {
  const cases: [headers: Record<string, string>, proto: string | undefined, host: string | undefined][] = [
    [{ 'x-forwarded-proto': 'https', 'x-forwarded-host': 'App.Example:8443' }, 'https', 'app.example:8443'],
    [
      {
        'x-forwarded-for': '203.0.113.9, 10.1.1.1',
        'x-forwarded-proto': 'https, http',
        'x-forwarded-host': 'a.example, b.internal',
      },
      'https',
      'a.example',
    ],
    [
      { 'x-forwarded-for': '203.0.113.9', 'x-forwarded-proto': 'https, http', 'x-forwarded-host': 'x, y' },
      'http',
      'y',
    ],
    [{ forwarded: 'for=203.0.113.9;proto=https;host="a.example:443"' }, 'https', 'a.example:443'],
    [
      {
        forwarded:
          'for=198.51.100.1;host=evil, for=203.0.113.9;PROTO=HTTPS;Host=a.example, for=10.1.1.1;proto=http;host=in',
      },
      'https',
      'a.example',
    ],
    [{ 'x-forwarded-proto': 'gopher', 'x-forwarded-host': 'a b' }, undefined, undefined],
    [{ 'x-forwarded-host': '[::1]:80' }, undefined, '[::1]:80'],
    [{ 'x-forwarded-host': 'a.example/path@evil' }, undefined, undefined],
  ];
  for (const [headers, proto, host] of cases) {
    const source = sourceOf('10.0.0.1', headers);
    t.same([source.proto, source.host], [proto, host], JSON.stringify(headers));
  }
});

t.test('trusted proxies are addresses and networks, and nothing else', async (t) => {
  const networks: [entry: string, inside: string, outside: string][] = [
    ['10.0.0.0/8', '10.255.0.1', '11.0.0.1'],
    ['10.1.2.3/8', '10.255.0.1', '11.0.0.1'],
    ['10.1.2.3', '10.1.2.3', '10.1.2.4'],
    ['::ffff:10.0.0.0/104', '10.255.0.1', '11.0.0.1'],
    ['2001:db8::/32', '2001:db8:ffff::1', '2001:db9::1'],
    ['2001:DB8::1', '2001:db8::1', '2001:db8::2'],
    ['127.0.0.0/8', '127.0.0.2', '::1'],
    ['0.0.0.0/0', '203.0.113.9', '2001:db8::1'],
  ];
  for (const [entry, inside, outside] of networks) {
    const trusted = new TrustedProxies([entry]);
    t.same([trusted.has(inside), trusted.has(outside)], [true, false], entry);
  }
  const wrong = [
    '',
    'ingress',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '::/129',
    '10.0.0/8',
  ];
  for (const entry of [...wrong, '10.0.0.0/ 8', '::ffff:10.0.0.0/95', 'fe80::1%eth0', '*'])
    t.throws(() => new TrustedProxies([entry]), TypeError, entry);
});

t.test('whatever a client sends before its proxy changes nothing, and nothing throws', async () => {
  const junk = fc.oneof(
    fc.string({ maxLength: 60 }),
    fc.constantFrom(',', '"', '\\', 'for=', ';', '10.0.0.1', '[::1', ' ', 'for="', 'unknown', 'for=10.1.1.1'),
  );
  const text = fc.array(junk, { maxLength: 12 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(text, text, text, text, (list, forwarded, proto, host) => {
      const own = sourceOf('10.0.0.1', { 'x-forwarded-for': `${list},203.0.113.9` });
      const all = {
        'x-forwarded-for': list,
        forwarded,
        'x-forwarded-proto': proto,
        'x-forwarded-host': host,
      };
      const source = sourceOf('10.0.0.1', all);
      return (
        own.address === '203.0.113.9' &&
        (source.host === undefined || !/[\s,/@"]/.test(source.host)) &&
        normalAddress(source.address) === source.address &&
        sourceOf('203.0.113.9', all).address === '203.0.113.9'
      );
    }),
    { numRuns: 2_000 },
  );
});

t.test('a long header costs no more than its length', async (t) => {
  const lists = ['1.1.1.1,'.repeat(8_000), ','.repeat(64_000), ' '.repeat(64_000), 'a'.repeat(64_000)];
  const elements = [
    'for=a;'.repeat(10_000),
    'for="',
    `for="${'\\'.repeat(63_000)}`,
    `for=a${' '.repeat(60_000)}b`,
  ];
  for (const value of [...lists, ...elements]) {
    const begun = performance.now();
    sourceOf('10.0.0.1', { 'x-forwarded-for': value, forwarded: value, 'x-forwarded-host': value });
    t.ok(performance.now() - begun < 1_000);
  }
  const proxies = `203.0.113.9,${'10.1.1.1,'.repeat(100)}`;
  t.equal(sourceOf('10.0.0.1', { 'x-forwarded-for': proxies }).address, '10.1.1.1');
});
