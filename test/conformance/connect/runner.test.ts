import t from 'tap';
import { openCaseSchema, PACKAGE, TYPE_PREFIX } from './case-schema.js';
import type { CaseResult, ConformanceCase } from './case-types.js';
import { ALL_FEATURES, casesOf } from './cases.js';
import {
  checkConnectError,
  checkEndStream,
  checkGrpcStatus,
  checkWebTrailers,
} from './client/wire-checks.js';
import { faultsOf } from './compare.js';
import { openReferenceServer } from './reference-server.js';
import { countsOf, failuresOf, readExceptions, runCases } from './run-cases.js';
import { readSuites } from './suites.js';

const types = await openCaseSchema();
const suites = readSuites(types);
const plain = { ...ALL_FEATURES, supportsTls: false, supportsTlsClientCerts: false };
const plainCases = casesOf(suites, { ...plain, supportsHalfDuplexBidiOverHttp1: false });

t.test('the templates become the cases of the official runner, with its names', async (t) => {
  t.equal(suites.length, 16);
  t.equal(suites.flatMap(({ testCases }) => testCases).length, 144);
  t.equal(plainCases.length, 1710);
  t.equal(casesOf(suites, plain).length, 1800);
  const all = casesOf(suites, ALL_FEATURES);
  t.equal(all.length, 2 * 1800 + 20, 'again with TLS, and those with certificates of clients');
  const names = new Set(all.map(({ name }) => name));
  t.equal(names.size, all.length);
  const start =
    'Basic/HTTPVersion:2/Protocol:PROTOCOL_GRPC_WEB/Codec:CODEC_JSON/Compression:COMPRESSION_GZIP';
  t.ok(names.has(`${start}/TLS:true/bidi-stream/full-duplex/success`));
  t.ok(names.has('Connect with GET/HTTPVersion:1/Codec:CODEC_PROTO/TLS:false/success'));
  t.ok(names.has('gRPC Unexpected Requests/HTTPVersion:2/TLS:false/unexpected-verb'));
});

t.test("connect-es's own server passes: the runner's clients and expectations are right", async (t) => {
  const server = await openReferenceServer(types);
  t.teardown(() => server.close());
  // Each protocol, HTTP version and kind of stream once; with all its choices the whole takes too long for what it says.
  const cases = plainCases.filter(
    ({ name, codec }) =>
      /Unexpected|Sub-Format|with GET/.test(name) || (name.includes('GZIP') && codec === 'CODEC_JSON'),
  );
  t.ok(cases.length > 400);
  const outcomes = await runCases(cases, server.url, types);
  for (const line of countsOf(outcomes)) t.comment(line);
  t.same(failuresOf(outcomes), []);
});

const HEADERS = [{ name: 'x-custom-header', value: ['foo, bar', 'baz'] }];
const TRAILERS = [{ name: 'X-Custom-Trailer', value: ['bing', 'quux'] }];

/** What a faultless server answers to the first case of this name. */
function rightAnswer(ending: string): { testCase: ConformanceCase; result: CaseResult } {
  const testCase = plainCases.find(({ name }) => name.endsWith(ending)) as ConformanceCase;
  const { payloads = [], error, httpStatusCode } = testCase.expected;
  return {
    testCase,
    result: {
      firstAnswerMs: 30,
      httpStatus: httpStatusCode,
      headers: HEADERS,
      trailers: TRAILERS,
      payloads: structuredClone([...payloads]),
      error: structuredClone(error),
      feedback: [],
    },
  };
}

t.test('the comparison finds each difference that counts, and no other', async (t) => {
  const judged = (ending: string, change: (result: CaseResult) => void) => {
    const { testCase, result } = rightAnswer(ending);
    change(result);
    return faultsOf(testCase, result, types);
  };
  const success =
    'Metadata/HTTPVersion:1/Protocol:PROTOCOL_CONNECT/Codec:CODEC_PROTO/Compression:COMPRESSION_IDENTITY/TLS:false/server-stream/success';
  const error = success.replace('server-stream/success', 'unary/error');
  const streamError = success.replace('success', 'error-with-no-responses');
  const deadline =
    'Deadline Propagation/HTTPVersion:1/Protocol:PROTOCOL_CONNECT/Codec:CODEC_PROTO/Compression:COMPRESSION_IDENTITY/TLS:false/unary/success';
  const withTimeout = (timeoutMs: string) => (result: CaseResult) => {
    const [payload] = result.payloads;
    result.payloads[0] = { ...payload, requestInfo: { ...payload?.requestInfo, timeoutMs } };
  };
  t.same(
    judged(success, () => {}),
    [],
  );
  t.same(
    judged(error, () => {}),
    [],
  );
  t.same(
    judged(success, (result) => {
      result.headers = [...HEADERS, { name: 'server', value: ['x'] }];
    }),
    [],
  );
  t.same(
    judged(error, (result) => {
      result.headers = [];
      result.trailers = [...HEADERS, ...TRAILERS];
    }),
    [],
    'all metadata of an error in one place',
  );
  t.same(judged(deadline, withTimeout('1750')), []);
  t.same(
    judged('unexpected-verb', (result) => {
      result.httpStatus = 405;
    }),
    [],
  );
  const wrong: [string, (result: CaseResult) => void, RegExp][] = [
    [
      success,
      (result) => {
        result.feedback.push('broken');
      },
      /^broken$/,
    ],
    [
      success,
      (result) => {
        result.headers = [];
      },
      /^no response header x-custom-header$/,
    ],
    [
      success,
      (result) => {
        result.trailers = [{ name: 'x-custom-trailer', value: ['quux', 'bing'] }];
      },
      /^response trailer x-custom-trailer: /,
    ],
    [
      streamError,
      (result) => {
        result.headers = [];
        result.trailers = [...HEADERS, ...TRAILERS];
      },
      /^no response header/,
    ],
    [
      success,
      (result) => {
        result.payloads.pop();
      },
      /^1 responses, expected 2$/,
    ],
    [
      success,
      (result) => {
        result.payloads.reverse();
      },
      /request/,
    ],
    [
      success,
      (result) => {
        result.payloads[1] = { data: 'AAAA' };
      },
      /^response 2: data AAAA, expected /,
    ],
    [
      success,
      (result) => {
        result.payloads[0] = { ...result.payloads[0], requestInfo: { requests: [] } };
      },
      /request/,
    ],
    [
      success,
      (result) => {
        result.error = { code: 'CODE_INTERNAL' };
      },
      /^the error CODE_INTERNAL/,
    ],
    [
      error,
      (result) => {
        result.error = undefined;
      },
      /^no error, expected CODE_INTERNAL$/,
    ],
    [
      error,
      (result) => {
        result.error = { ...result.error, code: 'CODE_UNKNOWN' };
      },
      /^the error CODE_UNKNOWN/,
    ],
    [
      error,
      (result) => {
        result.error = { ...result.error, code: 'CODE_INTERNAL', message: 'other' };
      },
      /^the message "other"/,
    ],
    [
      error,
      (result) => {
        result.error = { code: 'CODE_INTERNAL', message: 'unary failed' };
      },
      /^0 details, expected 1$/,
    ],
    [deadline, withTimeout('2001'), /timeout of 2001 ms, expected 2000$/],
    [deadline, withTimeout('1749'), /timeout of 1749 ms, expected 2000$/],
    [
      deadline,
      (result) => {
        result.payloads[0] = { ...result.payloads[0], requestInfo: {} };
      },
      /timeout of undefined ms/,
    ],
    [
      'Connect Unexpected Requests/HTTPVersion:1/TLS:false/unexpected-verb',
      (result) => {
        result.httpStatus = 200;
      },
      /^HTTP status 200, expected 405$/,
    ],
  ];
  for (const [ending, change, fault] of wrong) t.match(judged(ending, change)[0], fault, String(change));
  const unpadded = judged(success, (result) => {
    const info = result.payloads[0]?.requestInfo;
    const other = { '@type': `${TYPE_PREFIX}${PACKAGE}.ServerStreamRequest`, requestData: 'AA==' };
    result.payloads[0] = { ...result.payloads[0], requestInfo: { ...info, requests: [other] } };
  });
  t.match(unpadded[0], /request 1 did not come through/);
});

t.test('the checks of the wire find what a lenient client would not', async (t) => {
  const feedbackOf = (check: (feedback: string[]) => void) => {
    const feedback: string[] = [];
    check(feedback);
    return feedback;
  };
  const web = (block: string) => feedbackOf((feedback) => checkWebTrailers(block, feedback));
  t.same(web('grpc-status: 0\r\nx: a\tb\r\n'), []);
  for (const block of [
    'grpc-status: 0',
    'A: b\r\n',
    'a: b\n',
    'a: b\r\n\r\n',
    'a: b\r\n c\r\n',
    'a\r\n',
    'a b: c\r\n',
    'a: \u0001\r\n',
  ])
    t.not(web(block).length, 0, JSON.stringify(block));

  const grpc = (...trailers: [string, ...string[]][]) =>
    feedbackOf((feedback) =>
      checkGrpcStatus(
        trailers.map(([name, ...value]) => ({ name, value })),
        types,
        feedback,
      ),
    );
  const details = (json: object) =>
    Buffer.from(types.encode('google.rpc.Status', json)).toString('base64').replace(/=+$/, '');
  const right = details({ code: 5, message: 'a%' });
  t.same(grpc(['grpc-status', '0']), []);
  t.same(grpc(['grpc-status', '5'], ['grpc-message', 'a%25'], ['grpc-status-details-bin', right]), []);
  const bad: [string, ...string[]][][] = [
    [],
    [['grpc-status', '0', '0']],
    [['grpc-status', '17']],
    [
      ['grpc-status', '0'],
      ['grpc-message', 'OK'],
    ],
    [
      ['grpc-status', '5'],
      ['grpc-message', 'caf\u00e9'],
    ],
    [
      ['grpc-status', '5'],
      ['grpc-message', '50%'],
    ],
    [
      ['grpc-status', '6'],
      ['grpc-status-details-bin', right],
    ],
    [
      ['grpc-status', '5'],
      ['grpc-message', 'b'],
      ['grpc-status-details-bin', right],
    ],
    [
      ['grpc-status', '5'],
      ['grpc-message', 'a%25'],
      ['grpc-status-details-bin', `${right}=`],
    ],
  ];
  for (const trailers of bad) t.not(grpc(...trailers).length, 0, JSON.stringify(trailers));

  const error = (json: unknown) =>
    feedbackOf((feedback) => checkConnectError(JSON.stringify(json), types, feedback));
  const type = `${PACKAGE}.Header`;
  const value = Buffer.from(types.encode(type, { name: 'a' }))
    .toString('base64')
    .replace(/=+$/, '');
  t.same(error({ code: 'not_found', message: '', details: [{ type, value, debug: { name: 'a' } }] }), []);
  for (const json of [
    {},
    [],
    { code: 5 },
    { code: 'NOT_FOUND' },
    { code: 'ok' },
    { code: 'not_found', reason: 'x' },
    { code: 'not_found', message: 1 },
    { code: 'not_found', details: {} },
    { code: 'not_found', details: [{ type: TYPE_PREFIX + type, value }] },
    { code: 'not_found', details: [{ type, value: `${value}=` }] },
    { code: 'not_found', details: [{ type, value, debug: { name: 'b' } }] },
  ])
    t.not(error(json).length, 0, JSON.stringify(json));

  const end = (json: unknown) =>
    feedbackOf((feedback) => checkEndStream(JSON.stringify(json), types, feedback));
  t.same(end({}), []);
  t.same(end({ error: { code: 'internal' }, metadata: { a: ['b', 'c'] } }), []);
  for (const json of [
    { error: null },
    { error: {} },
    { metadata: null },
    { metadata: { a: 'b' } },
    { metadata: { 'a b': [] } },
    { more: 1 },
  ])
    t.not(end(json).length, 0, JSON.stringify(json));
});

t.test('an exception has a pattern and a reason', async (t) => {
  const [one] = readExceptions('# for readers\n\nBasic/*/unary/(x)  # because: # so\n');
  t.match(one, { pattern: 'Basic/*/unary/(x)', reason: 'because:' });
  t.ok(one?.matches('Basic/HTTPVersion:1/TLS:false/unary/(x)'));
  t.notOk(one?.matches('Basic/HTTPVersion:1/TLS:false/unary/x'));
  t.throws(() => readExceptions('Basic/*\n'), /Basic\/\* has no reason/);
});
