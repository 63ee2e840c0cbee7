import type { IncomingMessage } from 'node:http';
import t from 'tap';
import { forwardedMetadata, TrustedProxies } from '../../../gateway/security/index.js';

type Headers = Record<string, string>;

function toldOf(
  peer: string | undefined,
  headers: Headers,
  trusted: readonly string[] = [],
  more: object = {},
) {
  const request = {
    socket: { remoteAddress: peer, ...more },
    headers,
    url: '/',
  } as unknown as IncomingMessage;
  return Object.fromEntries(forwardedMetadata(request, new TrustedProxies(trusted)));
}

const SPOOF = {
  host: 'gw.example:8080',
  'x-forwarded-for': '1.1.1.1',
  'x-forwarded-proto': 'https',
  'x-forwarded-host': 'evil.example',
  forwarded: 'for=1.1.1.1;host=evil.example;proto=https',
};

t.test('without a trusted proxy the service is told of the connection alone', async (t) => {
  for (const trusted of [[], ['10.0.0.0/8']]) {
    t.same(toldOf('203.0.113.9', SPOOF, trusted), {
      'x-forwarded-for': '203.0.113.9',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'gw.example:8080',
      forwarded: 'for=203.0.113.9;host="gw.example:8080";proto=http',
    });
  }
  t.same(toldOf('2001:DB8::1', { host: 'a' }, [], { encrypted: true }), {
    'x-forwarded-for': '2001:db8::1',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'a',
    forwarded: 'for="[2001:db8::1]";host=a;proto=https',
  });
  t.same(toldOf('::ffff:1.2.3.4', {}), {
    'x-forwarded-for': '1.2.3.4',
    'x-forwarded-proto': 'http',
    forwarded: 'for=1.2.3.4;proto=http',
  });
  t.equal(toldOf(undefined, {})['x-forwarded-for'], 'unknown');
  for (const host of ['a b', 'a;b=c', 'a"', 'a,b', 'user@a', `${'x'.repeat(300)}`]) {
    t.equal(toldOf('1.2.3.4', { host })['x-forwarded-host'], undefined, host);
  }
});

t.test('what a trusted proxy says goes on, with our own peer added', async (t) => {
  const trusted = ['10.0.0.0/8'];
  const list = {
    host: 'gw',
    'x-forwarded-for': '203.0.113.9',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'App.example',
  };
  t.same(toldOf('10.0.0.1', list, trusted), {
    'x-forwarded-for': '203.0.113.9, 10.0.0.1',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'app.example',
    forwarded: 'for=203.0.113.9;host=app.example;proto=https, for=10.0.0.1;host=gw;proto=http',
  });
  t.equal(
    toldOf('10.0.0.1', { 'x-forwarded-for': '1.1.1.1, 203.0.113.9, 10.0.0.2' }, trusted)['x-forwarded-for'],
    '1.1.1.1, 203.0.113.9, 10.0.0.2, 10.0.0.1',
  );
  const standard = { host: 'gw', forwarded: 'for="[2001:db8::9]";proto=https;host=app.example' };
  t.same(toldOf('10.0.0.1', standard, trusted), {
    'x-forwarded-for': '2001:db8::9, 10.0.0.1',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'app.example',
    forwarded: 'for="[2001:db8::9]";proto=https;host=app.example, for=10.0.0.1;host=gw;proto=http',
  });
});

t.test('of both kinds at once only what they agree on goes on', async (t) => {
  const trusted = ['10.0.0.0/8'];
  const both = { host: 'gw', 'x-forwarded-for': '203.0.113.9', forwarded: 'for=1.1.1.1' };
  t.match(toldOf('10.0.0.1', both, trusted), {
    'x-forwarded-for': '10.0.0.1',
    forwarded: 'for=10.0.0.1;host=gw;proto=http',
  });
  const agreed = {
    ...both,
    'x-forwarded-for': '6.6.6.6, 203.0.113.9',
    forwarded: 'for=7.7.7.7, for=203.0.113.9',
  };
  t.match(toldOf('10.0.0.1', agreed, trusted), {
    'x-forwarded-for': '203.0.113.9, 10.0.0.1',
    forwarded: 'for=203.0.113.9, for=10.0.0.1;host=gw;proto=http',
  });
});
