import { createRegistry } from '@bufbuild/protobuf';
import t from 'tap';
import { Code, type CodeName, RpcError, type Status } from '../../../../gateway/status/index.js';
import { connectCodeName, connectFailure } from '../../../../gateway/surfaces/connect/connect-code.js';
import { connectErrorJson, endOfStreamJson } from '../../../../gateway/surfaces/connect/connect-json.js';
import { parseConnectTimeout } from '../../../../gateway/wire/index.js';
import { foreignSchema, statusBytes } from '../../../support/foreign.js';

const NO_TYPES = createRegistry();

const status = (more: Partial<Status>): Status => ({
  code: Code.NOT_FOUND,
  message: '',
  details: [],
  trailers: [],
  truncated: false,
  ...more,
});

t.test('each code has the name and the HTTP status of the protocol', async (t) => {
  const expected: Record<Exclude<CodeName, 'OK'>, [string, number]> = {
    CANCELLED: ['canceled', 499],
    UNKNOWN: ['unknown', 500],
    INVALID_ARGUMENT: ['invalid_argument', 400],
    DEADLINE_EXCEEDED: ['deadline_exceeded', 504],
    NOT_FOUND: ['not_found', 404],
    ALREADY_EXISTS: ['already_exists', 409],
    PERMISSION_DENIED: ['permission_denied', 403],
    RESOURCE_EXHAUSTED: ['resource_exhausted', 429],
    FAILED_PRECONDITION: ['failed_precondition', 400],
    ABORTED: ['aborted', 409],
    OUT_OF_RANGE: ['out_of_range', 400],
    UNIMPLEMENTED: ['unimplemented', 501],
    INTERNAL: ['internal', 500],
    UNAVAILABLE: ['unavailable', 503],
    DATA_LOSS: ['data_loss', 500],
    UNAUTHENTICATED: ['unauthenticated', 401],
  };
  for (const [name, [code, httpStatus]] of Object.entries(expected)) {
    const number = Code[name as CodeName];
    t.equal(connectCodeName(number), code);
    t.same(connectFailure({ code: number }), { code, httpStatus });
  }
});

t.test('what HTTP says first has the code that clients make of the HTTP status', async (t) => {
  const of = (reason: 'PATH_NOT_FOUND' | 'HTTP_METHOD_NOT_ALLOWED' | 'UNSUPPORTED_CONTENT_TYPE') =>
    connectFailure(new RpcError(reason, '').toStatus());
  t.same(of('PATH_NOT_FOUND'), { code: 'unimplemented', httpStatus: 404 });
  t.same(of('HTTP_METHOD_NOT_ALLOWED'), { code: 'unknown', httpStatus: 405 });
  t.same(of('UNSUPPORTED_CONTENT_TYPE'), { code: 'unknown', httpStatus: 415 });
});

t.test('an error leaves out what it does not have', async (t) => {
  t.same(connectErrorJson(status({}), NO_TYPES), { code: 'not_found' });
  t.same(connectErrorJson(status({ message: 'gone' }), NO_TYPES), { code: 'not_found', message: 'gone' });
});

t.test(
  'a detail is its type without a prefix, unpadded base64, and JSON where the type is known',
  async (t) => {
    const { registry } = await foreignSchema();
    const wire = await statusBytes(5, '', '1.500s');
    // field 3 of google.rpc.Status: the Any; field 2 of that: the bytes of the RetryInfo
    const value = wire.subarray(wire.length - 10);
    const failure = status({ details: [{ typeUrl: 'type.googleapis.com/google.rpc.RetryInfo', value }] });
    const text = Buffer.from(value).toString('base64').replaceAll('=', '');
    t.same(connectErrorJson(failure, registry).details, [
      { type: 'google.rpc.RetryInfo', value: text, debug: { retryDelay: '1.500s' } },
    ]);
    t.same(connectErrorJson(failure, NO_TYPES).details, [{ type: 'google.rpc.RetryInfo', value: text }]);
  },
);

t.test('an error of the gateway has no details', async (t) => {
  t.same(connectErrorJson(new RpcError('DRAINING', 'bye').toStatus(), NO_TYPES), {
    code: 'unavailable',
    message: 'bye',
  });
});

t.test('the end of a stream is an empty object when all went well', async (t) => {
  t.same(endOfStreamJson(status({ code: Code.OK, message: 'OK' }), [], NO_TYPES), {});
  const trailers = [
    ['a', '1'],
    ['b-bin', 'AA=='],
    ['a', '2'],
    ['__proto__', 'x'],
  ] as const;
  t.equal(
    JSON.stringify(endOfStreamJson(status({ code: Code.OK }), trailers, NO_TYPES)),
    '{"metadata":{"a":["1","2"],"b-bin":["AA=="],"__proto__":["x"]}}',
  );
  t.same(endOfStreamJson(status({ message: 'gone' }), [], NO_TYPES), {
    error: { code: 'not_found', message: 'gone' },
  });
});

t.test('a timeout is at most ten digits of milliseconds', async (t) => {
  t.equal(parseConnectTimeout('5000'), 5_000);
  t.equal(parseConnectTimeout('0'), 0);
  t.equal(parseConnectTimeout('9999999999'), 9_999_999_999);
  for (const wrong of ['', '12345678901', '-1', '1.5', '1s', ' 1', '0x10', '1e3']) {
    t.equal(parseConnectTimeout(wrong), undefined, wrong);
  }
});
