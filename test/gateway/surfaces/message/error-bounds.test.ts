import { create, fromJson, toBinary } from '@bufbuild/protobuf';
import { type Any, anyPack, DurationSchema } from '@bufbuild/protobuf/wkt';
import t, { type Test } from 'tap';
import { foreignSchema, method, openForeign } from '../../../support/foreign.js';
import { http, httpJson, sseEvents } from '../../../support/http.js';
import { openOf, openSession, PROTOCOLS } from '../../../support/session.js';

const POST = { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } };
const HOUR_S = 3_600;

/** A service that fails with UNAVAILABLE and these details. */
async function openFailing(t: Test, details: readonly Any[]) {
  const { registry } = await foreignSchema();
  const status = registry.getMessage('google.rpc.Status');
  if (status === undefined) throw new TypeError('no google.rpc.Status');
  const bytes = toBinary(status, create(status, { code: 14, message: 'later', details } as never));
  const script = [{ in: 'end' }, { status: 'UNAVAILABLE', message: 'later', details: bytes }] as const;
  return await openForeign(t, { Ask: script, Down: script, Both: script });
}

async function retryInfo(retryDelay: string): Promise<Any> {
  const { registry } = await foreignSchema();
  const retry = registry.getMessage('google.rpc.RetryInfo');
  if (retry === undefined) throw new TypeError('no google.rpc.RetryInfo');
  return anyPack(retry, fromJson(retry, { retryDelay }));
}

t.test('no service sends clients away for more than an hour', async (t) => {
  const cases: [delay: string, seconds: number | undefined][] = [
    ['0s', 0],
    ['1.500s', 2],
    ['3600s', HOUR_S],
    ['3600.001s', HOUR_S],
    ['86400s', HOUR_S],
    ['315576000000s', HOUR_S],
    ['-5s', undefined],
  ];
  for (const [delay, seconds] of cases) {
    const { url } = await openFailing(t, [await retryInfo(delay)]);
    const unary = await http(url + method('Ask'), POST);
    t.equal(unary.headers['retry-after'], seconds === undefined ? undefined : String(seconds), delay);
    const stream = await http(`${url}/foreign/down`, { headers: { accept: 'text/event-stream' } });
    const retryMs = Number(sseEvents(stream.text).at(-1)?.retry);
    t.ok(retryMs <= HOUR_S * 1_000, `${delay}: retry: ${retryMs}`);
    if (seconds !== undefined && seconds > 1) t.ok(retryMs > 1_000 && retryMs <= seconds * 1_000);
  }
});

t.test('a status has a hundred details at most', async (t) => {
  // As many as fit into the 64 KiB of a header block, all of them unknown to the schema.
  const detail = anyPack(DurationSchema, create(DurationSchema));
  const many = new Array<Any>(5_000).fill({ ...detail, typeUrl: 'a/b', value: new Uint8Array(0) });
  const { url, wsUrl } = await openFailing(t, many);
  const { json } = await httpJson(url + method('Ask'), POST);
  t.equal((json as { error: { details: unknown[] } }).error.details.length, 100);
  const [protocol] = PROTOCOLS;
  const client = await openSession(wsUrl, protocol ?? 'sluice.v1.json');
  await client.send(openOf(1, 'Both'), { halfClose: { id: 1 } });
  const end = (await client.all(1)).at(-1)?.end as { status: { details: unknown[] } };
  t.equal(end.status.details.length, 100);
});
