import fc from 'fast-check';
import t from 'tap';
import { Code, type RpcError } from '../../../../gateway/status/index.js';
import { parseConnectQuery } from '../../../../gateway/surfaces/connect/connect-query.js';

const parse = (query: string) => parseConnectQuery(new URLSearchParams(query));

t.test('the query of a GET in any order, with parameters of others', async (t) => {
  t.same(parse('connect=v1&encoding=json&message=%7B%22a%22%3A1%7D'), {
    encoding: 'json',
    compression: undefined,
    message: Buffer.from('{"a":1}'),
  });
  t.same(parse('message=CgFh&x=1&x=2&compression=gzip&base64=1&encoding=proto'), {
    encoding: 'proto',
    compression: 'gzip',
    message: Buffer.from('\n\x01a'),
  });
  t.same(parse('message=&encoding=proto').message, Buffer.alloc(0));
  t.same(parse('message=CgFh&base64=true&encoding=proto').message, Buffer.from('CgFh'), 'only 1 says base64');
});

t.test('base64 of either alphabet, padded or not, is the bytes that were encoded', async () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 40 }),
      fc.constantFrom<BufferEncoding>('base64', 'base64url'),
      fc.boolean(),
      (value, alphabet, isPadded) => {
        const bytes = Buffer.from(value);
        const digits = bytes.toString(alphabet).replace(/=+$/, '');
        const text = isPadded ? digits.padEnd(Math.ceil(digits.length / 4) * 4, '=') : digits;
        const query = new URLSearchParams({ encoding: 'proto', base64: '1', message: text });
        return parseConnectQuery(query).message.equals(bytes);
      },
    ),
  );
});

for (const [query, named] of [
  ['message=a', 'encoding'],
  ['encoding=json', 'message'],
  ['encoding=json&encoding=json&message=a', 'encoding'],
  ['encoding=json&message=a&message=b', 'message'],
  ['encoding=json&message=a&connect=v1&connect=v1', 'connect'],
  ['encoding=json&message=a&base64=1&base64=1', 'base64'],
  ['encoding=proto&base64=1&message=Q', 'message'],
  ['encoding=proto&base64=1&message=QQ=Q', 'message'],
  ['encoding=proto&base64=1&message=Q*Q', 'message'],
] as const) {
  t.test(`${query} is refused, and the parameter is named`, async (t) => {
    t.throws(() => parse(query), {
      code: Code.INVALID_ARGUMENT,
      reason: 'INVALID_PARAMETER',
      message: `parameter ${named}: `,
    } as RpcError);
  });
}
