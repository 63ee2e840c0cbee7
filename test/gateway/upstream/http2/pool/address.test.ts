import t from 'tap';
import { formatEndpoint, parseAddress } from '../../../../../gateway/upstream/http2/pool/address.js';

t.test('targets in every spelling', async (t) => {
  const name = (host: string, port: number, authority: string) => ({ kind: 'name', host, port, authority });
  for (const [target, wanted] of [
    ['example.test:50051', name('example.test', 50051, 'example.test:50051')],
    ['127.0.0.1:1', name('127.0.0.1', 1, '127.0.0.1:1')],
    ['[::1]:443', name('::1', 443, '[::1]:443')],
    ['dns:example.test:5', name('example.test', 5, 'example.test:5')],
    ['dns:///example.test:5', name('example.test', 5, 'example.test:5')],
    ['dns://8.8.8.8/example.test:5', name('example.test', 5, 'example.test:5')],
    [
      'ipv4:10.0.0.1:5,10.0.0.2:6',
      {
        kind: 'endpoints',
        endpoints: [
          { host: '10.0.0.1', port: 5 },
          { host: '10.0.0.2', port: 6 },
        ],
        authority: '10.0.0.1:5',
      },
    ],
    ['ipv6:[::1]:5', { kind: 'endpoints', endpoints: [{ host: '::1', port: 5 }], authority: '[::1]:5' }],
  ] as const) {
    t.strictSame(parseAddress(target), wanted, target);
  }
  t.equal(formatEndpoint({ host: '::1', port: 5 }), '[::1]:5');
});

t.test('what is no target is refused and shown', async (t) => {
  for (const target of [
    '',
    'host',
    'host:',
    ':5',
    'host:0',
    'host:65536',
    'http://host:5',
    '::1:5',
    'a b:5',
    'ipv4:',
    'a:5,b:6',
  ]) {
    t.throws(() => parseAddress(target), /must look like "host:port"/, target);
  }
});
