import t from 'tap';
import { bytes, method, openForeign } from '../../../support/foreign.js';
import { http, open, until } from '../../../support/http.js';

const JSON_SEQ = { accept: 'application/json-seq' };

t.test('each message is a JSON text between RS and LF', async (t) => {
  const { url } = await openForeign(t, {
    Down: [{ in: 'end' }, { out: await bytes({ text: 'a\nb' }) }, { out: await bytes({ number: 2 }) }],
  });
  const answer = await http(url + method('Down'), { headers: JSON_SEQ });
  t.match(answer, { status: 200, complete: true, headers: { 'content-type': 'application/json-seq' } });
  t.equal(answer.text, '\x1e{"text":"a\\nb"}\n\x1e{"number":2}\n');
});

t.test('an empty stream is an empty sequence', async (t) => {
  const { url } = await openForeign(t, { Down: [{ in: 'end' }] });
  t.match(await http(url + method('Down'), { headers: JSON_SEQ }), { status: 200, complete: true, text: '' });
});

t.test('a late failure is the last text of a broken transfer, an early one keeps its status', async (t) => {
  const status = { status: 'NOT_FOUND', message: 'gone' } as const;
  const { url } = await openForeign(
    t,
    { Down: [{ in: 'end' }, { out: await bytes({ number: 1 }) }, status], Numbered: [{ in: 'end' }, status] },
    { limits: { headWaitMs: 30_000 } },
  );
  const late = await http(url + method('Down'), { headers: JSON_SEQ });
  t.notOk(late.complete);
  const texts = late.text.split('\x1e');
  t.equal(texts[1], '{"number":1}\n');
  t.match(JSON.parse(texts[2] ?? ''), { error: { status: 'NOT_FOUND', message: 'gone' } });
  t.match(await http(url + method('Numbered'), { headers: JSON_SEQ }), { status: 404, complete: true });
});

t.test('the heartbeat is an RS, before the first message as well', async (t) => {
  let goOn: () => void = () => {};
  const wait = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const { url } = await openForeign(
    t,
    { Down: [{ in: 'end' }, { headers: [] }, { wait }, { out: await bytes({ number: 1 }) }] },
    { limits: { heartbeatMs: 50, headWaitMs: 10 } },
  );
  const { response } = await open(url + method('Down'), { headers: JSON_SEQ });
  let text = '';
  response.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  await until(t, 'two heartbeats', () => text.length >= 2);
  t.equal(text, '\x1e'.repeat(text.length));
  goOn();
  await until(t, 'the end', () => response.complete);
  const texts = text.split('\x1e').filter((each) => each !== '');
  t.same(texts, ['{"number":1}\n']);
});
