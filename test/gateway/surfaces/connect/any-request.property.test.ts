import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import t from 'tap';
import { Code } from '../../../../gateway/status/index.js';
import { connectCodeName } from '../../../../gateway/surfaces/connect/connect-code.js';
import { connectStream, envelope, gzipEnvelope } from '../../../support/connect.js';
import { bytes, method, openForeign } from '../../../support/foreign.js';
import { http, until } from '../../../support/http.js';

const CODES = new Set(Object.values(Code).map(connectCodeName));

const item = await bytes({ text: 'a' });

/** A piece of a body: what may be there, and what may not. */
const piece = fc.oneof(
  fc.constantFrom<Buffer>(
    envelope(item),
    gzipEnvelope(item),
    envelope('{"text":"a"}'),
    envelope('{}', 2),
    envelope(''),
    gzipSync(item),
    gzipEnvelope(Buffer.alloc(5_000)),
    Buffer.from(item),
    Buffer.from('{"text":"a"}'),
    Buffer.from([0, 255, 255, 255, 255]),
  ),
  fc.uint8Array({ maxLength: 30 }).map((value) => Buffer.from(value)),
);

const header = (...values: (string | undefined)[]) => fc.constantFrom(...values);

const request = fc.record({
  path: fc.constantFrom('Ask', 'Down', 'Up', 'Both', 'Nothing'),
  verb: fc.constantFrom('POST', 'POST', 'POST', 'PUT', 'DELETE'),
  body: fc.array(piece, { maxLength: 4 }).map((pieces) => Buffer.concat(pieces)),
  headers: fc.record({
    'content-type': header(
      'application/proto',
      'application/json',
      'application/connect+proto',
      'application/connect+json',
      'application/foo',
    ),
    'connect-protocol-version': header('1', '1', '1', '2'),
    'content-encoding': header(undefined, undefined, 'gzip', 'foo'),
    'connect-content-encoding': header(undefined, 'gzip', 'identity', 'foo'),
    'connect-timeout-ms': header(undefined, undefined, '10000', 'x'),
    'x-key-bin': header(undefined, undefined, 'AAE', '*'),
  }),
});

t.test('whatever is sent, the answer is one of the protocol, and nothing is left', async (t) => {
  const answer = [{ in: 'end' as const }, { out: item }];
  const { url, gateway, lines } = await openForeign(
    t,
    { Ask: answer, Down: answer, Up: answer, Both: answer },
    { limits: { maxMessageBytes: 1_000 } },
  );
  await fc.assert(
    fc.asyncProperty(request, async ({ path, verb, body, headers }) => {
      const given = Object.entries(headers).filter((pair): pair is [string, string] => pair[1] !== undefined);
      const {
        status,
        complete,
        bytes,
        text,
        headers: answered,
      } = await http(url + method(path), {
        method: verb,
        // Node announces no body of a DELETE by itself.
        headers: { ...Object.fromEntries(given), 'content-length': String(body.length) },
        body,
      });
      if (!complete) return false;
      const type = answered['content-type'];
      if (type?.startsWith('application/connect+') === true) {
        const { error } = connectStream(bytes).end;
        return (
          status === 200 && type === headers['content-type'] && (error === undefined || CODES.has(error.code))
        );
      }
      if (status === 200) return type === headers['content-type'];
      const { code, message } = JSON.parse(text) as { code: string; message: string };
      return type === 'application/json' && CODES.has(code) && message.length > 0;
    }),
    { numRuns: 500 },
  );
  await until(t, 'no exchange to be open', () => gateway.openExchanges === 0);
  t.equal(gateway.openExchanges, 0);
  t.same(
    lines.filter(({ level }) => Number(level) >= 50),
    [],
    'nothing is a defect',
  );
});
