import { gzipSync } from 'node:zlib';
import t from 'tap';
import { RpcError } from '../../../../gateway/status/index.js';
import { type InflateMessage, inflateMessageOf } from '../../../../gateway/surfaces/rpc/index.js';
import { bytes, method, openForeign } from '../../../support/foreign.js';
import { frame, webAnswer } from '../../../support/grpc-frames.js';
import { type HttpAnswer, http, until } from '../../../support/http.js';

const KIB = 1024;
const MIB = 1024 * KIB;

const gzip = (maxBytes: number) => inflateMessageOf('gzip', maxBytes) as InflateMessage;

/** What it is refused with; fails where it is not. */
async function reasonOf(inflating: Promise<Buffer>): Promise<string> {
  return await inflating.then(
    () => 'none',
    (error: unknown) => RpcError.from(error).reason,
  );
}

t.test('what a message holds is told while it is inflated: its own bytes and the plain ones', async (t) => {
  const plain = Buffer.alloc(MIB, 'a');
  const message = gzipSync(plain);
  const held: number[] = [];
  const inflated = await gzip(MIB)(message, (bytes) => {
    held.push(bytes);
    return true;
  });
  t.ok(inflated.equals(plain));
  t.equal(held[0], message.length);
  t.ok(held.length > 4, 'piece by piece');
  t.strictSame(
    held.toSorted((a, b) => a - b),
    held,
  );
  t.ok((held.at(-1) as number) >= message.length + MIB);
});

t.test('a message is inflated no further where that is said', async (t) => {
  const message = gzipSync(Buffer.alloc(4 * MIB));
  let calls = 0;
  const refused = gzip(4 * MIB)(message, (bytes) => {
    calls += 1;
    return bytes < 256 * KIB;
  });
  t.equal(await reasonOf(refused), 'CANCELLED');
  t.ok(calls < 32, `${calls} pieces of 4 MiB`);
  let later = 0;
  const never = gzip(MIB)(message, () => {
    later += 1;
    return false;
  });
  t.equal(await reasonOf(never), 'CANCELLED');
  t.equal(later, 1, 'and not begun where that is said at once');
});

t.test('a message that is too large, or none, says so', async (t) => {
  const go = () => true;
  t.equal(await reasonOf(gzip(MIB - 1)(gzipSync(Buffer.alloc(MIB)), go)), 'MESSAGE_TOO_LARGE');
  t.equal(await reasonOf(gzip(0)(gzipSync('a'), go)), 'MESSAGE_TOO_LARGE');
  t.equal((await gzip(0)(gzipSync(''), go)).length, 0);
  t.equal(await reasonOf(gzip(MIB)(Buffer.from('no gzip'), go)), 'INVALID_MESSAGE');
  t.equal(await reasonOf(gzip(MIB)(gzipSync(Buffer.alloc(KIB)).subarray(0, -1), go)), 'INVALID_MESSAGE');
  t.equal(
    await reasonOf(gzip(MIB)(Buffer.concat([gzipSync('a'), Buffer.from('more')]), go)),
    'INVALID_MESSAGE',
  );
});

interface Surface {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: (message: Buffer) => Buffer;
  /** What it is answered with: nothing where it went well. */
  readonly reason: (answer: Pick<HttpAnswer, 'headers' | 'bytes'>) => unknown;
}

const WEB = { 'content-type': 'application/grpc-web+proto', 'grpc-encoding': 'gzip' };
const framed = (message: Buffer) => frame(gzipSync(message), 1);
const ofHead: Surface['reason'] = ({ headers }) => headers['sluice-reason'];
const ofTrailers: Surface['reason'] = ({ headers, bytes }) =>
  headers['sluice-reason'] ?? webAnswer(bytes).trailers?.find(([name]) => name === 'sluice-reason')?.[1];
const ofEndOfStream: Surface['reason'] = ({ bytes }) =>
  /"sluice-reason":\["(\w+)"\]/.exec(bytes.toString())?.[1];

const SURFACES: Readonly<Record<string, Surface>> = {
  'gRPC-Web, one message': { method: 'Ask', headers: WEB, body: framed, reason: ofTrailers },
  'gRPC-Web, a stream': { method: 'Up', headers: WEB, body: framed, reason: ofTrailers },
  'Connect, one message': {
    method: 'Ask',
    headers: { 'content-type': 'application/proto', 'content-encoding': 'gzip' },
    body: (message) => gzipSync(message),
    reason: ofHead,
  },
  'Connect, a stream': {
    method: 'Up',
    headers: { 'content-type': 'application/connect+proto', 'connect-content-encoding': 'gzip' },
    body: framed,
    reason: ofEndOfStream,
  },
};

t.test('a message that is being inflated counts as one that is not whole, on every surface', async (t) => {
  const item = await bytes({ number: 1 });
  const answer = [{ in: 'end' }, { out: item }] as const;
  const foreign = await openForeign(t, { Ask: answer, Up: answer }, { limits: { unfinishedBytes: MIB } });
  const large = Buffer.from(await bytes({ text: 'a'.repeat(3 * MIB) }));
  const small = Buffer.from(await bytes({ text: 'a'.repeat(300 * KIB) }));
  for (const [name, { method: of, headers, body, reason }] of Object.entries(SURFACES)) {
    const send = async (message: Buffer) =>
      reason(await http(foreign.url + method(of), { method: 'POST', headers, body: body(message) }));
    t.ok(body(large).length < 10 * KIB);
    t.equal(await send(large), 'GATEWAY_LIMIT', name);
    t.equal(await send(small), undefined, name);
    await until(t, 'nothing to be open', () => foreign.gateway.openExchanges === 0);
    t.match((await http(`${foreign.gateway.adminUrl}/metrics`)).text, /^sluice_unfinished_bytes 0$/m);
  }
});
