import { setImmediate as turn } from 'node:timers/promises';
import { fromBinary, fromJson, type JsonValue, toBinary, toJson } from '@bufbuild/protobuf';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { Bell, CancelSource, createDeferred } from '../../../gateway/async/index.js';
import { compiledCodec } from '../../../gateway/codec/index.js';
import {
  type CallRequest,
  type CallToken,
  type HealResult,
  openCall,
  resumePoint,
} from '../../../gateway/recording/index.js';
import type { Schema } from '../../../gateway/schema/index.js';
import { Code, ENDED, type Metadata, RpcError, type Status } from '../../../gateway/status/index.js';
import { Batch, type Call, type CallOptions } from '../../../gateway/upstream/index.js';
import { parseLastEventId } from '../../../gateway/wire/index.js';
import { stopClock } from '../../support/clock.js';
import { schemaFromText } from '../schema/schema-from-text.js';

const PROTO = `
  message Ask { int64 after = 1; string text_after = 2; int32 small = 3; string name = 4; optional int32 maybe = 5; }
  message Item { int64 id = 1; string text = 2; optional int32 maybe = 3; bool flag = 4; }
  service S {
    rpc Numbers(Ask) returns (stream Item) { option (sluice.v1.stream) = { cursor: "id" resume: "after" }; }
    rpc Texts(Ask) returns (stream Item) { option (sluice.v1.stream) = { cursor: "text" resume: "text_after" }; }
    rpc Small(Ask) returns (stream Item) { option (sluice.v1.stream) = { cursor: "id" resume: "small" }; }
    rpc Maybe(Ask) returns (stream Item) { option (sluice.v1.stream) = { cursor: "maybe" resume: "maybe" }; }
    rpc Both(stream Ask) returns (stream Item) { option (sluice.v1.stream) = { cursor: "id" resume: "after" }; }
    rpc Plain(Ask) returns (stream Item);
  }`;

let schemas: Promise<Schema> | undefined;

const AWAY: Status = { ...new RpcError('UPSTREAM_UNREACHABLE', 'away').toStatus() };
const UNAVAILABLE: Status = {
  code: Code.UNAVAILABLE,
  message: 'rolled',
  details: [],
  trailers: [],
  truncated: false,
};
const LOST: Status = { ...new RpcError('UPSTREAM_CONNECTION_LOST', 'lost').toStatus(), isBroken: true };

/** One attempt, played by the test. */
class Attempt implements Call {
  readonly #headers = createDeferred<Metadata | undefined>();
  readonly #status = createDeferred<Status>();
  readonly #queue: (Batch | Status)[] = [];
  readonly #bell = new Bell();
  readonly #encode: (json: JsonValue) => Uint8Array;
  #over = false;
  readonly headers = this.#headers.promise;
  readonly status = this.#status.promise;
  readonly sent: Uint8Array[] = [];
  halfClosed = false;
  cancelled = false;
  reads = 0;

  constructor(encode: (json: JsonValue) => Uint8Array) {
    this.#encode = encode;
  }

  answer(metadata: Metadata): this {
    this.#headers.resolve(metadata);
    return this;
  }

  /** A batch of messages. */
  send(...items: JsonValue[]): this {
    this.#headers.resolve([]);
    this.#queue.push(Batch.of(items.map(this.#encode)));
    this.#bell.ring();
    return this;
  }

  raw(bytes: Uint8Array): this {
    this.#queue.push(Batch.of([bytes]));
    this.#bell.ring();
    return this;
  }

  end(status: Status = ENDED): this {
    this.#queue.push(status);
    this.#bell.ring();
    return this;
  }

  async read(): Promise<Batch | undefined> {
    this.reads += 1;
    for (;;) {
      if (this.#over) return undefined;
      const next = this.#queue.shift();
      if (next instanceof Batch) return next;
      if (next !== undefined) {
        this.#over = true;
        this.#headers.resolve(undefined);
        this.#status.resolve(next);
        return undefined;
      }
      await this.#bell.wait();
    }
  }

  write(batch: readonly (Uint8Array | readonly Uint8Array[])[]): boolean {
    this.sent.push(
      ...batch.map((message) => (message instanceof Uint8Array ? message : Buffer.concat(message))),
    );
    return !this.#over;
  }

  halfClose(): void {
    this.halfClosed = true;
  }

  cancel(): void {
    this.cancelled = true;
    if (this.#over) return;
    this.#queue.splice(0);
    this.end(new RpcError('CANCELLED', 'cancelled').toStatus());
    void this.read();
  }
}

interface Played {
  readonly call: Call;
  readonly attempts: Attempt[];
  readonly results: HealResult[];
  /** The metadata of each attempt. */
  readonly told: Metadata[];
  readonly signal: CancelSource;
  /** The request of an attempt as JSON. */
  request(index: number): JsonValue;
  /** The nth attempt, once it has been made; time passes until then. */
  attempt(index: number): Promise<Attempt>;
  /** The next ids that are read; undefined at the end. */
  read(): Promise<JsonValue[] | undefined>;
}

async function play(
  t: Test,
  name: string,
  ask: JsonValue = {},
  given: {
    readonly last?: string;
    readonly deadline?: number;
    readonly metadata?: Metadata;
    readonly token?: CallToken;
  } = {},
): Promise<Played> {
  schemas ??= schemaFromText(t, PROTO);
  const schema = await schemas;
  const codec = compiledCodec(schema.registry, { codeGeneration: true });
  const method = schema.methods.get(`/t.S/${name}`);
  if (method === undefined) throw new Error('no method');
  const clock = stopClock(t);
  const encode = (json: JsonValue) => toBinary(method.output, fromJson(method.output, json));
  const attempts: Attempt[] = [];
  const results: HealResult[] = [];
  const told: Metadata[] = [];
  const signal = new CancelSource();
  const requestCodec = codec.forMessage(method.input);
  const request: CallRequest = {
    method,
    requestCodec,
    resume: resumePoint(method, requestCodec, parseLastEventId(given.last), 'last'),
    metadata: given.metadata ?? [],
    token: given.token,
    signal,
    deadline: given.deadline,
    onHealed: (result) => results.push(result),
  };
  const transport = {
    open(path: string, options: CallOptions): Call {
      t.equal(path, method.path);
      t.equal(options.deadline, given.deadline);
      const attempt = new Attempt(encode);
      attempts.push(attempt);
      told.push(options.metadata);
      return attempt;
    },
  };
  const call = openCall(transport, request);
  t.equal(call.write([toBinary(method.input, fromJson(method.input, ask))]), true);
  call.halfClose();
  return {
    call,
    attempts,
    results,
    told,
    signal,
    request: (index) =>
      toJson(method.input, fromBinary(method.input, attempts[index]?.sent[0] ?? new Uint8Array(0))),
    async attempt(index) {
      for (let rest = 200; attempts[index] === undefined; rest -= 1) {
        if (rest === 0) throw new Error(`no attempt ${index}`);
        await turn();
        clock.pass(100);
      }
      return attempts[index] as Attempt;
    },
    async read() {
      const batch = await call.read();
      return (
        batch &&
        [...batch].map((bytes) => {
          const { id, text, maybe } = toJson(method.output, fromBinary(method.output, bytes)) as Record<
            string,
            JsonValue
          >;
          return id ?? text ?? maybe ?? null;
        })
      );
    },
  };
}

t.test('a stream goes on after its last message, from the request as it came', async (t) => {
  const played = await play(t, 'Numbers', { name: 'x' });
  const first = await played.attempt(0);
  first
    .answer([['a', '1']])
    .send({ id: '1' }, { id: '2' })
    .send({ id: '3' })
    .end(UNAVAILABLE);
  t.same(await played.read(), ['1', '2']);
  t.same(await played.read(), ['3']);
  const reading = played.read();
  const second = await played.attempt(1);
  t.same(played.request(0), { name: 'x' });
  t.same(played.request(1), { name: 'x', after: '3' });
  t.ok(second.halfClosed);
  second
    .answer([['a', '2']])
    .send({ id: '4' })
    .end();
  t.same(await reading, ['4']);
  t.equal(await played.read(), undefined);
  t.equal(await played.read(), undefined, 'and again');
  t.same(await played.call.status, ENDED);
  t.same(await played.call.headers, [['a', '1']], 'the metadata is that of the first');
  t.same(played.results, ['healed']);
});

t.test('nothing comes twice where the order of cursors is known', async (t) => {
  const played = await play(t, 'Numbers');
  (await played.attempt(0)).send({ id: '8' }, { id: '9' }).send({ id: '10' }).end(LOST);
  await played.read();
  await played.read();
  const reading = played.read();
  // A service that knows nothing of cursors begins again.
  (await played.attempt(1))
    .send({ id: '8' })
    .send({ id: '9' }, { id: '10' }, { id: '11' })
    .send({ id: '12' })
    .end();
  t.same(await reading, ['11']);
  t.same(await played.read(), ['12']);
  t.equal(await played.read(), undefined);
});

t.test('where it is not, one message with the very cursor is left out, and no other', async (t) => {
  for (const [name, before, again, fresh] of [
    ['Texts', ['b', 'a'], ['a', 'b', 'c'], ['b', 'c']],
    ['Texts', ['b', 'a'], ['a', 'a'], ['a']],
    ['Texts', ['b'], ['c', 'b'], ['c', 'b']],
  ] as const) {
    const played = await play(t, name);
    (await played.attempt(0)).send(...before.map((text) => ({ text }))).end(LOST);
    await played.read();
    const reading = played.read();
    (await played.attempt(1)).send(...again.map((text) => ({ text }))).end();
    const got = (await reading) ?? [];
    if (name === 'Texts' && again[1] === 'a') t.same(got, [], 'all of a batch');
    else t.same(got, fresh);
  }
  const played = await play(t, 'Numbers');
  (await played.attempt(0)).send({ id: '9' }, { id: '7' }).end(LOST);
  await played.read();
  const reading = played.read();
  (await played.attempt(1)).send({ id: '7' }, { id: '5' }).end();
  t.same(await reading, ['5'], 'numbers that go down');
});

t.test('cursors of 64 bits are compared as such', async (t) => {
  const played = await play(t, 'Numbers');
  (await played.attempt(0)).send({ id: '9007199254740992' }, { id: '9007199254740993' }).end(LOST);
  await played.read();
  const reading = played.read();
  (await played.attempt(1)).send({ id: '9007199254740993' }, { id: '9007199254740994' }).end();
  t.same(await reading, ['9007199254740994']);
  t.same(played.request(1), { after: '9007199254740993' });
});

t.test('it is tried eight times in a row, and a message begins the count anew', async (t) => {
  const played = await play(t, 'Numbers');
  (await played.attempt(0)).send({ id: '1' }).end(LOST);
  await played.read();
  const reading = played.read();
  for (let index = 1; index <= 5; index += 1) (await played.attempt(index)).end(AWAY);
  (await played.attempt(6)).send({ id: '2' }).end({ ...UNAVAILABLE, truncated: true });
  t.same(await reading, ['2']);
  const last = played.read();
  for (let index = 7; index <= 14; index += 1) (await played.attempt(index)).end(AWAY);
  t.equal(await last, undefined);
  t.same(await played.call.status, { ...AWAY, truncated: true }, 'what was lost before stays lost');
  t.equal(played.attempts.length, 15);
  t.same(played.results, ['healed', 'failed']);
});

t.test('what is no break is the end, also behind one', async (t) => {
  for (const code of [
    Code.INTERNAL,
    Code.CANCELLED,
    Code.RESOURCE_EXHAUSTED,
    Code.ABORTED,
    Code.DEADLINE_EXCEEDED,
    Code.OK,
  ]) {
    const played = await play(t, 'Numbers');
    (await played.attempt(0)).send({ id: '1' }).end({ ...UNAVAILABLE, code });
    await played.read();
    t.equal(await played.read(), undefined);
    t.equal((await played.call.status).code, code);
    t.equal(played.attempts.length, 1);
    t.same(played.results, []);
  }
  const played = await play(t, 'Numbers');
  (await played.attempt(0)).send({ id: '1' }).end(UNAVAILABLE);
  await played.read();
  const reading = played.read();
  (await played.attempt(1)).end({ ...UNAVAILABLE, code: Code.NOT_FOUND });
  t.equal(await reading, undefined);
  t.equal((await played.call.status).code, Code.NOT_FOUND);
  t.same(played.results, ['failed']);
});

t.test('before the first message', async (t) => {
  await t.test('a call that the service has taken is asked for again as it came', async (t) => {
    for (const taken of [(it: Attempt) => it.answer([]).end(UNAVAILABLE), (it: Attempt) => it.end(LOST)]) {
      const played = await play(t, 'Numbers', { after: '5' });
      const reading = played.read();
      taken(await played.attempt(0));
      for (let index = 1; index <= 7; index += 1) (await played.attempt(index)).end(AWAY);
      t.same(played.request(7), { after: '5' });
      (await played.attempt(8)).send({ id: '6' }).end();
      t.same(await reading, ['6']);
      t.same(played.results, ['healed']);
    }
  });
  await t.test('one of which it has said nothing only twice', async (t) => {
    for (const status of [AWAY, UNAVAILABLE]) {
      const played = await play(t, 'Numbers');
      const reading = played.read();
      for (let index = 0; index <= 2; index += 1) (await played.attempt(index)).end(status);
      t.equal(await reading, undefined);
      t.same(await played.call.status, status);
      t.equal(await played.call.headers, undefined);
      t.equal(await played.call.start, undefined);
      t.equal(played.attempts.length, 3);
    }
  });
  await t.test('and what speaks no gRPC not at all', async (t) => {
    const played = await play(t, 'Numbers');
    const reading = played.read();
    (await played.attempt(0)).end(new RpcError('UPSTREAM_NOT_GRPC', 'no').toStatus());
    t.equal(await reading, undefined);
    t.equal(played.attempts.length, 1);
  });
});

t.test('a message without a cursor is no place to go on from, the next one with one is', async (t) => {
  const lost = async (name: string, ...items: JsonValue[]) => {
    const played = await play(t, name);
    (await played.attempt(0)).send(...items).end(LOST);
    await played.read();
    const reading = played.read();
    await turn();
    if (!(await isEnded(played.call))) {
      await played.attempt(1);
      return played.request(1);
    }
    t.equal(await reading, undefined);
    t.same(played.results, ['failed']);
    return 'the end';
  };
  t.equal(await lost('Numbers', { id: '1' }, { text: 'no number' }), 'the end');
  t.same(await lost('Numbers', { text: 'no number' }, { id: '1' }), { after: '1' });
  t.equal(await lost('Texts', { id: '1' }), 'the end');
  t.equal(await lost('Maybe', {}), 'the end');
  t.same(await lost('Maybe', { maybe: 0 }), { maybe: 0 }, 'a zero that is said is a cursor');
  t.equal(await lost('Small', { id: '3000000000' }), 'the end', 'the request has no room for it');
});

t.test('bytes that are no message pass, and are no place to go on from', async (t) => {
  const played = await play(t, 'Numbers');
  (await played.attempt(0))
    .send({ id: '1' })
    .raw(Buffer.from([0xff]))
    .end(LOST);
  await played.read();
  t.same([...((await played.call.read()) ?? [])], [Buffer.from([0xff])]);
  t.equal(await played.read(), undefined);
  t.equal(played.attempts.length, 1);
});

t.test('a cancel, the signal and the deadline end the tries', async (t) => {
  for (const end of ['cancel', 'signal', 'deadline'] as const) {
    const deadline = end === 'deadline' ? Date.now() + 10 : undefined;
    const played = await play(t, 'Numbers', {}, deadline === undefined ? {} : { deadline });
    (await played.attempt(0)).send({ id: '1' }).end(LOST);
    await played.read();
    const reading = played.read();
    await turn();
    if (end === 'cancel') played.call.cancel();
    else if (end === 'signal') played.signal.abort('left');
    else (await played.attempt(1)).end(new RpcError('DEADLINE_PASSED', 'late').toStatus());
    t.equal(await reading, undefined, end);
    t.equal((await played.call.status).code, end === 'deadline' ? Code.DEADLINE_EXCEEDED : Code.CANCELLED);
    t.same(played.results, ['cancelled']);
    t.equal(played.attempts.length, end === 'deadline' ? 2 : 1);
  }
});

t.test('a cancel ends a call that nobody reads', async (t) => {
  const played = await play(t, 'Numbers');
  const attempt = await played.attempt(0);
  attempt.send({ id: '1' });
  played.call.cancel();
  t.equal((await played.call.status).code, Code.CANCELLED);
  t.ok(attempt.cancelled);
  t.equal(await played.read(), undefined);
  t.equal(played.call.write([new Uint8Array(0)]), false);
});

t.test('where the stream begins is known before anything comes', async (t) => {
  const start = async (name: string, ask: JsonValue, last?: string) =>
    (await (await play(t, name, ask, last === undefined ? {} : { last })).call.start)?.lastEventId;
  t.equal(await start('Numbers', {}, '41'), '41');
  t.equal(await start('Numbers', { after: '5' }, '41'), '41', 'the id wins over the field');
  t.equal(await start('Numbers', { after: '5' }), '5');
  t.equal(await start('Numbers', {}), undefined, 'only the service knows');
  t.equal(await start('Texts', { textAfter: '~end' }), '~=~end');
  t.equal(await start('Texts', {}, '~=a%0Ab'), '~=a%0Ab');
  t.equal(await start('Both', { after: '5' }), undefined, 'a stream of requests does not say');
  t.equal((await play(t, 'Plain', {})).call.start, undefined);
});

t.test('methods without cursors, and streams of requests, are asked once', async (t) => {
  for (const name of ['Plain', 'Both']) {
    const played = await play(t, name);
    (await played.attempt(0)).send({ id: '1' }).end(LOST);
    await played.read();
    t.equal(await played.read(), undefined);
    t.equal((await played.call.status).code, LOST.code);
    t.equal(played.attempts.length, 1);
  }
  const played = await play(t, 'Both', { name: 'x' }, { last: '7' });
  t.same(played.request(0), { name: 'x', after: '7' });
});

t.test('a second message is passed on, and the call is not asked again', async (t) => {
  const played = await play(t, 'Numbers');
  await played.call.write([new Uint8Array(0)]);
  const attempt = await played.attempt(0);
  t.equal(attempt.sent.length, 2);
  attempt.send({ id: '1' }).end(LOST);
  await played.read();
  t.equal(await played.read(), undefined);
  t.equal(played.attempts.length, 1);
});

t.test('while nobody reads, nothing is asked again', async (t) => {
  const played = await play(t, 'Numbers');
  (await played.attempt(0)).send({ id: '1' }).end(LOST);
  await played.read();
  for (let turns = 0; turns < 10; turns += 1) await turn();
  t.equal(played.attempts.length, 1);
});

t.test('any breaks, any batches: each message once and in order', async (t) => {
  const plan = fc.array(
    fc.record({
      /** Messages until the break. */
      messages: fc.nat({ max: 6 }),
      batch: fc.integer({ min: 1, max: 4 }),
      /** Messages before the cursor that come again. */
      back: fc.nat({ max: 3 }),
    }),
    { minLength: 1, maxLength: 8 },
  );
  await fc.assert(
    fc.asyncProperty(plan, async (rounds) => {
      const played = await play(t, 'Numbers');
      const got: number[] = [];
      let at = 0;
      const reading = (async () => {
        for (let ids = await played.read(); ids !== undefined; ids = await played.read())
          got.push(...ids.map(Number));
      })();
      for (const [index, { messages, batch, back }] of rounds.entries()) {
        const attempt = await played.attempt(index);
        // Two messages at least, or there is no order.
        const from = index > 0 && at > 1 ? Math.max(0, at - back) : at;
        const until = at + Math.max(messages, index === 0 ? 2 : 0);
        for (let id = from; id < until; id += batch) {
          const size = Math.min(batch, until - id);
          attempt.send(...Array.from({ length: size }, (_, each) => ({ id: String(id + each + 1) })));
        }
        at = until;
        if (index < rounds.length - 1) attempt.end(LOST);
        else attempt.end();
        await turn();
      }
      await reading;
      t.same(
        got,
        Array.from({ length: at }, (_, index) => index + 1),
      );
    }),
    { numRuns: 60 },
  );
});

async function isEnded(call: Call): Promise<boolean> {
  const none = Symbol('none');
  for (let turns = 0; turns < 5; turns += 1) await turn();
  return (await Promise.race([call.status, Promise.resolve(none)])) !== none;
}

const METADATA = [
  ['authorization', 'Bearer first'],
  ['x-a', 'b'],
  ['authorization', 'Basic of another'],
] as const;

function tokenOf(...renew: CallToken['renew'][]): CallToken {
  return { value: 'Bearer first', endsAt: undefined, renew: () => renew.shift()?.() ?? 'none' };
}

t.test('each try has a token that counts then, and nothing else of its metadata changes', async (t) => {
  const token = tokenOf(
    () => 'Bearer second',
    () => Promise.resolve('Bearer third'),
  );
  const played = await play(t, 'Numbers', {}, { metadata: METADATA, token });
  (await played.attempt(0)).send({ id: '1' }).end(LOST);
  t.same(await played.read(), ['1']);
  const reading = played.read();
  (await played.attempt(1)).end(AWAY);
  (await played.attempt(2)).send({ id: '2' }).end();
  t.same(await reading, ['2']);
  t.same(played.told[0], METADATA);
  for (const [index, value] of ['Bearer first', 'Bearer second', 'Bearer third'].entries())
    t.same(played.told[index], [['authorization', value], ...METADATA.slice(1)]);
  t.equal(await played.read(), undefined);
});

t.test('what is not the token that was told stays', async (t) => {
  const metadata = [['authorization', 'Bearer of the authorization service']] as const;
  const token = tokenOf(() => 'Bearer second');
  const played = await play(t, 'Numbers', {}, { metadata, token });
  (await played.attempt(0)).send({ id: '1' }).end(LOST);
  await played.read();
  const reading = played.read();
  (await played.attempt(1)).end();
  t.equal(await reading, undefined);
  t.same(played.told, [metadata, metadata]);
});

t.test('a credential that has ended ends what would be asked for with it', async (t) => {
  const ended = new RpcError('CREDENTIAL_EXPIRED', 'it has ended');
  for (const renew of [
    () => {
      throw ended;
    },
    () => Promise.reject(ended),
  ]) {
    const played = await play(t, 'Numbers', {}, { metadata: METADATA, token: tokenOf(renew) });
    (await played.attempt(0)).send({ id: '1' }).end(LOST);
    await played.read();
    const reading = played.read();
    const over = played.call.status;
    await t.rejects(played.attempt(1), 'there is no other attempt');
    t.equal(await reading, undefined);
    t.match(await over, { code: Code.UNAUTHENTICATED, reason: 'CREDENTIAL_EXPIRED' });
    t.same(played.results, ['failed']);
  }
});

t.test('a cancel while a token is made ends the call', async (t) => {
  const made = createDeferred<string>();
  const asked = createDeferred<void>();
  const token = tokenOf(() => {
    asked.resolve();
    return made.promise;
  });
  const played = await play(t, 'Numbers', {}, { metadata: METADATA, token });
  (await played.attempt(0)).send({ id: '1' }).end(LOST);
  await played.read();
  const reading = played.read();
  const second = played.attempt(1);
  await asked.promise;
  played.call.cancel();
  made.resolve('Bearer second');
  await t.rejects(second);
  t.equal(await reading, undefined);
  t.equal((await played.call.status).code, Code.CANCELLED);
  t.same(played.results, ['cancelled']);
});
