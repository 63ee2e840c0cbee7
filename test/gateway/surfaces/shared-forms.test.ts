import t from 'tap';
import type { ByteWriter } from '../../../gateway/codec/index.js';
import { type Framing, scratch, sendBatch } from '../../../gateway/surfaces/message/index.js';
import { Batch, SHARED_FORM_BYTES, SharedForms } from '../../../gateway/upstream/index.js';
import { bytes, method, openForeign } from '../../support/foreign.js';
import { http, sseEvents, until } from '../../support/http.js';
import { ask, connectHttp2 } from '../../support/http2-client.js';
import type { Step } from '../../support/scripted-upstream.js';
import { connect } from '../../support/websocket.js';
import { Random } from '../codec/random.js';

// What many readers of one recording get is made once, and is what each would get alone.

const seed = Number(process.env.SLUICE_SHARED_SEED ?? Date.now() % 1_000_000_000);
const ACCEPTS = [
  'text/event-stream',
  'application/x-ndjson',
  'application/json',
  'application/json-seq',
] as const;
const PATH = method('Down');

/** Rounds of messages, of which each begins when the test says so. */
async function script(random: Random, rounds: number) {
  const opens: (() => void)[] = [];
  const steps: Step[] = [{ in: 'end' }];
  let count = 0;
  for (let round = 0; round < rounds; round += 1) {
    const wait = new Promise<void>((resolve) => {
      opens.push(resolve);
    });
    steps.push({ wait });
    for (let left = 1 + random.below(9); left > 0; left -= 1) {
      count += 1;
      const length = random.once(6) ? random.below(45_000) : random.below(60);
      const text = Array.from({ length }, () =>
        random.pick(['a', '"', '\n', 'ä', '€', '😀', '\u001e', '\\']),
      ).join('');
      steps.push({ out: await bytes({ number: count, text }) });
    }
  }
  return { steps, opens, count };
}

/** What a client got, frames with their boundaries and kinds; the ids without what tells one call from another. */
function plain(got: string | (string | Buffer)[]): Buffer {
  if (typeof got === 'string') return Buffer.from(got.replaceAll(/~[\w-]{22}\./g, '~.'));
  return Buffer.concat(
    got.flatMap((frame) => [Buffer.from(`\0${typeof frame} ${frame.length} `), Buffer.from(frame as string)]),
  );
}

t.test('readers of a shared recording get byte for byte what a lone one gets', async (t) => {
  t.comment(`SLUICE_SHARED_SEED=${seed}`);
  const random = new Random(seed);
  const { steps, opens, count } = await script(random, 14);
  const { url, wsUrl, upstream, gateway } = await openForeign(
    t,
    { Down: steps },
    {
      config: { methods: { [PATH.slice(1)]: { recording: { sharing: 'everyone', start: 'beginning' } } } },
      // Some of them wait for room.
      limits: { highWaterBytes: 2_000 },
    },
  );
  const h2 = connectHttp2(t, url);
  const overHttp = (accept: string) => http(url + PATH, { headers: { accept } }).then(({ text }) => text);
  const overHttp2 = (accept: string) => ask(h2, PATH, { accept }).then(({ text }) => text);
  const overSocket = async (first: string | Buffer) => {
    const socket = await connect(wsUrl + PATH);
    socket.socket.send(first);
    await socket.closed;
    return socket.frames;
  };
  const ways = [
    ...ACCEPTS.map((accept) => () => overHttp(accept)),
    ...ACCEPTS.map((accept) => () => overHttp2(accept)),
    () => overSocket('{}'),
    () => overSocket(Buffer.alloc(0)),
  ];
  const readers = ways.map((read) => [read(), read(), read()]);
  await until(t, 'all are there', () => gateway.openExchanges === 3 * ways.length);
  for (const [index, open] of opens.entries()) {
    open();
    // Some join late, and catch up with what lies there as a whole.
    if (index % 5 === 4) for (const [way, read] of ways.entries()) readers[way]?.push(read());
    await until(t, 'they come', () => gateway.openExchanges >= 3 * ways.length || index === opens.length - 1);
  }
  const shared = await Promise.all(readers.map((of) => Promise.all(of)));
  t.equal(upstream.calls(PATH).length, 1);
  for (const [way, read] of ways.entries()) {
    await until(t, 'nobody else reads', () => gateway.openExchanges === 0);
    // That is another call, whose ids begin in another way.
    const alone = plain(await read());
    for (const one of shared[way] ?? []) t.ok(plain(one).equals(alone), `way ${way}`);
  }
  const events = sseEvents(shared[0]?.[0] as string).filter(({ event }) => event === 'message');
  t.same(
    events.map(({ data }) => (data as { number: number }).number),
    Array.from({ length: count }, (_, index) => index + 1),
  );
});

/** A sink that keeps what it is given. */
function sink(sealing: string | undefined) {
  const sealed: Buffer[] = [];
  const own: string[] = [];
  return {
    sealed,
    own,
    closed: false,
    sealing,
    begin(out: ByteWriter) {
      out.text('<');
    },
    send(out: ByteWriter) {
      own.push(out.take().toString());
      return undefined;
    },
    seal(out: ByteWriter) {
      out.text('>');
      return out.take();
    },
    sendSealed(bytes: Buffer) {
      sealed.push(bytes);
      return undefined;
    },
  };
}

/** Three messages for one of several readers. */
function batchOf(forms: SharedForms, messages = ['a', 'b', 'c']) {
  const batch = Batch.of(messages.map((text) => Buffer.from(text)));
  batch.shared = forms;
  return batch;
}

t.test('one piece of memory for the same surface, codec and sink; another one for any other', (t) => {
  let made = 0;
  const encode = (from: Buffer, start: number, end: number) => {
    made += 1;
    scratch.part(from, start, end);
  };
  const codec = {};
  const framing: Framing = { frame: {}, codec, lastId: undefined };
  const forms = new SharedForms();
  const [one, two, other, alone, none] = [sink('x'), sink('x'), sink('y'), sink(undefined), sink('x')];
  void sendBatch(batchOf(forms), one, encode, { framing });
  void sendBatch(batchOf(forms), two, encode, { framing: { ...framing } });
  t.equal(one.sealed[0], two.sealed[0], 'the same memory');
  t.equal(one.sealed[0]?.toString(), '<abc>');
  t.equal(made, 3);
  void sendBatch(batchOf(forms), other, encode, { framing });
  t.not(other.sealed[0], one.sealed[0]);
  void sendBatch(batchOf(forms), none, encode, { framing: { ...framing, frame: {} } });
  void sendBatch(batchOf(forms), none, encode, { framing: { ...framing, codec: {} } });
  t.equal(made, 12);
  void sendBatch(batchOf(forms), alone, encode, { framing });
  void sendBatch(batchOf(forms), alone, encode, {});
  t.same(alone.own, ['<abc', '<abc'], 'what is of a client alone is not shared');
  const part = batchOf(forms);
  part.limit = 2;
  const few = sink('x');
  void sendBatch(part, few, encode, { framing });
  t.equal(few.sealed[0]?.toString(), '<ab>', 'who may have fewer gets fewer');
  t.end();
});

t.test('a message that is none ends it for each reader after those before it', (t) => {
  const bad = new TypeError('no message');
  const encode = (from: Buffer, start: number, end: number) => {
    if (from[start] === 0x62) throw bad;
    scratch.part(from, start, end);
  };
  const forms = new SharedForms();
  const framing: Framing = { frame: {}, codec: {}, lastId: undefined };
  for (let reader = 0; reader < 2; reader += 1) {
    const one = sink('x');
    t.throws(() => sendBatch(batchOf(forms), one, encode, { framing }), bad);
    t.same([one.own, one.sealed], [['<a'], []]);
  }
  t.end();
});

t.test('forms of one batch are bounded in bytes', (t) => {
  const forms = new SharedForms();
  const key = { frame: {}, codec: {}, sealing: 'x' };
  const half = { ...key, to: 1, bytes: Buffer.alloc(SHARED_FORM_BYTES / 2), lastId: undefined };
  for (const from of [0, 1, 2]) forms.add({ ...half, from });
  t.ok(forms.find(key, 0));
  t.ok(forms.find(key, 1));
  t.equal(forms.find(key, 2), undefined);
  t.end();
});
