import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import t from 'tap';
import type { Outgoing } from '../../../../gateway/bridge/exchange.js';
import type { Conflate, DropOldest } from '../../../../gateway/bridge/policy.js';
import { keepNewest } from '../../../../gateway/bridge/slow-reader/keep-newest.js';
import { Code, RpcError } from '../../../../gateway/status/index.js';
import { Batch } from '../../../../gateway/upstream/index.js';

const text = (message: Uint8Array) => Buffer.from(message).toString('latin1');
const batch = (...messages: string[]): Batch =>
  Batch.of(messages.map((message) => Buffer.from(message, 'latin1')));
const keyOf = (message: Uint8Array) => {
  const key = text(message).slice(0, 1);
  if (key === '!') throw new RpcError('UPSTREAM_INVALID_MESSAGE', 'this is no message');
  return key;
};
const CONFLATE: Conflate = { policy: 'conflate', keyOf, maxMessages: 1_000, maxBytes: 1024 * 1024 };
const DROP_OLDEST: DropOldest = { policy: 'drop-oldest', maxMessages: 2, maxBytes: 1024 * 1024 };

/** A service that sends when it is told to, and a client that has room when it is told to. */
class Scene {
  /** What the client got, in order: messages, and "-3" for three dropped. */
  readonly got: string[] = [];
  readonly result: Promise<boolean>;
  dropped = 0;
  received = 0;
  cancelled = false;
  /** Whether the next write, or each, leaves no room. */
  full: () => boolean = () => true;
  refuse: unknown;
  readonly abort = new AbortController();
  #arrived: (Batch | undefined)[] = [];
  #wake: (() => void) | undefined;
  #room: (() => void)[] = [];
  #credit: number | undefined;

  constructor(policy: Conflate | DropOldest, credit?: number) {
    this.#credit = credit;
    const outgoing: Pick<Outgoing, 'write' | 'dropped' | 'room'> = {
      write: (messages) => {
        if (this.refuse !== undefined) throw this.refuse;
        const taken = Array.from(messages, text);
        this.got.push(...taken);
        if (this.#credit !== undefined) {
          this.#credit -= taken.length;
          if (this.#credit < 0) throw new RangeError('more than the credit');
          return undefined;
        }
        return this.full() ? this.#wait() : undefined;
      },
      dropped: (count) => void this.got.push(`-${count}`),
      ...(credit === undefined ? {} : { room: () => (this.#credit ? this.#credit : this.#wait()) }),
    };
    this.result = keepNewest(
      policy,
      {
        outgoing: outgoing as Outgoing,
        signal: this.abort.signal,
        read: async () => {
          while (this.#arrived.length === 0) {
            await new Promise<void>((resolve) => {
              this.#wake = resolve;
            });
          }
          return this.#arrived.shift();
        },
        count: (batch) => {
          this.received += batch.count;
        },
        hold: () => undefined,
        cancel: () => {
          this.cancelled = true;
          this.#send(undefined);
        },
      },
      (messages) => {
        this.dropped += messages;
      },
    );
    // Looked at later.
    this.result.catch(() => {});
  }

  async send(...messages: string[]): Promise<void> {
    this.#send(batch(...messages));
    await turn();
  }

  async end(): Promise<void> {
    this.#send(undefined);
    await turn();
  }

  async room(credit = 0): Promise<void> {
    if (this.#credit !== undefined) this.#credit += credit;
    for (const resolve of this.#room.splice(0)) resolve();
    await turn();
  }

  #wait(): Promise<void> {
    return new Promise((resolve) => this.#room.push(resolve));
  }

  #send(messages: Batch | undefined): void {
    this.#arrived.push(messages);
    this.#wake?.();
  }
}

t.test('a client that keeps up gets everything, in the batches in which it came', async (t) => {
  const scene = new Scene(CONFLATE);
  scene.full = () => false;
  await scene.send('a1', 'a2', 'a3');
  await scene.send('a4');
  await scene.end();
  t.same(scene.got, ['a1', 'a2', 'a3', 'a4']);
  t.equal(await scene.result, true);
});

t.test(
  'while it is behind the service goes on; it gets the newest, and first how many it missed',
  async (t) => {
    const scene = new Scene(CONFLATE);
    await scene.send('a1', 'b1');
    await scene.send('a2', 'b2', 'a3');
    await scene.send('c1', 'b3');
    t.same(scene.got, ['a1', 'b1']);
    t.equal(scene.dropped, 2, 'known before it is told');
    await scene.room();
    t.same(scene.got.slice(2), ['-2', 'a3', 'b3', 'c1']);
    await scene.room();
    await scene.send('a4');
    t.same(scene.got.slice(6), ['a4'], 'it has caught up');
    t.equal(scene.received, 8);
  },
);

t.test('the end of the service comes after everything that was kept', async (t) => {
  const scene = new Scene(DROP_OLDEST);
  await scene.send('a1');
  await scene.send('a2', 'a3', 'a4');
  await scene.end();
  t.same(scene.got, ['a1']);
  let over = false;
  void scene.result.then(() => {
    over = true;
  });
  await turn();
  t.notOk(over);
  await scene.room();
  await scene.room();
  t.same(scene.got, ['a1', '-1', 'a3', 'a4']);
  t.equal(await scene.result, true);
});

t.test('a client that has left gets nothing more, and does not hold the call', async (t) => {
  const scene = new Scene(CONFLATE);
  await scene.send('a1');
  await scene.send('b1');
  scene.abort.abort('left');
  await scene.end();
  await scene.room();
  t.equal(await scene.result, false);
  t.same(scene.got, ['a1']);
});

t.test('a message that is none ends the call, after those before it', async (t) => {
  for (const behind of [true, false]) {
    const scene = new Scene(CONFLATE);
    scene.full = () => behind;
    await scene.send('a1');
    if (!behind) scene.refuse = new RpcError('UPSTREAM_INVALID_MESSAGE', 'this is no message');
    await scene.send('b1', '!', 'c1');
    scene.refuse = undefined;
    t.ok(scene.cancelled);
    await scene.room();
    await scene.room();
    await t.rejects(scene.result, { code: Code.INTERNAL });
    t.same(scene.got, behind ? ['a1', 'b1'] : ['a1']);
  }
});

t.test('a write that fails, or is not wanted, while it catches up ends the call', async (t) => {
  const failing = new Scene(CONFLATE);
  await failing.send('a1');
  await failing.send('b1');
  failing.refuse = new RpcError('UPSTREAM_INVALID_MESSAGE', 'no message');
  await failing.room();
  await t.rejects(failing.result, { code: Code.INTERNAL });
  t.ok(failing.cancelled);
});

t.test('with credit nothing is written beyond it: the rest stays where newer ones replace it', async (t) => {
  const scene = new Scene(CONFLATE, 0);
  await scene.send('a1', 'b1', 'a2');
  t.same(scene.got, [], 'no credit, nothing sent');
  await scene.room(1);
  t.same(scene.got, ['-1', 'a2']);
  await scene.send('b2', 'a3');
  await scene.room(5);
  t.same(scene.got.slice(2), ['-1', 'b2', 'a3']);
  await scene.send('c1', 'c2', 'c3');
  t.same(scene.got.slice(5), ['c1', 'c2', 'c3'], 'three are left of five, and three came');
});

t.test(
  'it catches up in turns of at most 64 KiB, so that what waits longer can still be replaced',
  async (t) => {
    const scene = new Scene(CONFLATE);
    const large = (key: string, n: number) => `${key}${n}`.padEnd(40_000, '.');
    const seen = () => scene.got.splice(0).map((one) => one.replace(/\.+$/, ''));
    await scene.send('a0');
    await scene.send(large('a', 1), large('b', 1), large('c', 1));
    await scene.room();
    t.same(seen(), ['a0', 'a1']);
    await scene.send(large('c', 2), large('a', 2));
    await scene.room();
    t.same(seen(), ['-1', 'b1']);
    await scene.room();
    await scene.room();
    t.same(seen(), ['c2', 'a2']);
  },
);

t.test(
  'a client that keeps up is written to at most once in a while where that is wanted, and misses nothing',
  async (t) => {
    let release: () => void = () => {};
    const reads = [batch('a1'), batch('a2', 'a3'), undefined];
    let read = 0;
    const got: string[] = [];
    const result = keepNewest(
      { ...DROP_OLDEST, maxMessages: 1 },
      {
        outgoing: {
          write: (messages: Batch) => {
            got.push(...Array.from(messages, text));
            return undefined;
          },
        } as Pick<Outgoing, 'write'> as Outgoing,
        signal: new AbortController().signal,
        read: async () => reads[read++],
        count: () => {},
        hold: () =>
          new Promise((resolve) => {
            release = resolve;
          }),
        cancel: () => {},
      },
      () => t.fail('nothing is dropped'),
    );
    await turn();
    t.same(got, ['a1']);
    t.equal(read, 1, 'what comes meanwhile waits in the transport');
    release();
    await turn();
    release();
    t.equal(await result, true);
    t.same(got, ['a1', 'a2', 'a3']);
  },
);

t.test('what there is credit for is delivered before anything is dropped', async (t) => {
  const scene = new Scene(DROP_OLDEST, 2);
  await scene.send('a1', 'a2', 'a3', 'a4', 'a5', 'a6');
  t.same(scene.got, ['a1', 'a2']);
  t.equal(scene.dropped, 2);
  await scene.room(4);
  t.same(scene.got, ['a1', 'a2', '-2', 'a5', 'a6']);
  await scene.end();
  t.equal(await scene.result, true);
});

t.test(
  'draining: what is kept counts as dropped and is told; that of a client that has left does not',
  async (t) => {
    for (const cause of ['draining', 'left'] as const) {
      const scene = new Scene(CONFLATE);
      await scene.send('a1');
      await scene.send('b1', 'c1', 'c2');
      scene.abort.abort(cause);
      await scene.end();
      await scene.room();
      t.equal(await scene.result, false);
      t.same(scene.got, cause === 'draining' ? ['a1', '-3'] : ['a1', '-1']);
      t.equal(scene.dropped, cause === 'draining' ? 3 : 1);
    }
  },
);

/** The pump, said once more: what it must have written after each step. */
class Model {
  readonly got: string[] = [];
  #kept: string[] = [];
  #behind = false;
  #untold = 0;
  credit: number | undefined;
  dropped = 0;
  readonly policy: Conflate | DropOldest;
  readonly full: () => boolean;

  constructor(policy: Conflate | DropOldest, credit: number | undefined, full: () => boolean) {
    this.policy = policy;
    this.credit = credit;
    this.full = full;
  }

  get held(): number {
    return this.#kept.length;
  }

  send(messages: string[]): void {
    if (messages.length === 0) return;
    if (!this.#behind && (this.credit === undefined || this.credit >= messages.length)) {
      this.#write(messages);
      return;
    }
    // Nothing is lost for which there is credit, unless a newer one of its key has come with it.
    const first = !this.#behind && this.policy.policy === 'drop-oldest' ? (this.credit ?? 0) : 0;
    if (first > 0) this.#write(messages.slice(0, first));
    this.#behind = true;
    for (const message of messages.slice(first)) this.#keep(message);
    if (this.credit !== undefined) this.room(0);
  }

  room(credit: number): void {
    if (this.credit !== undefined) this.credit += credit;
    this.#behind = this.credit !== undefined;
    while (this.#kept.length > 0 && (this.credit === undefined ? !this.#behind : this.credit > 0)) {
      if (this.#untold > 0) this.got.push(`-${this.#untold}`);
      this.#untold = 0;
      this.#write(this.#kept.splice(0, this.credit ?? this.#kept.length));
    }
    if (this.#kept.length === 0 && this.credit !== undefined) this.#behind = false;
  }

  #write(messages: string[]): void {
    this.got.push(...messages);
    if (this.credit !== undefined) this.credit -= messages.length;
    else this.#behind = this.full();
  }

  #keep(message: string): void {
    const { policy, maxMessages } = this.policy;
    const place =
      policy === 'conflate' ? this.#kept.findIndex((one) => one.startsWith(message.slice(0, 1))) : -1;
    if (place === -1) this.#kept.push(message);
    else this.#kept[place] = message;
    if (place === -1 && this.#kept.length <= maxMessages) return;
    if (place === -1) this.#kept.shift();
    this.#untold += 1;
    this.dropped += 1;
  }
}

const steps = fc.array(
  fc.oneof(
    fc.array(fc.constantFrom(...'abcdef'), { minLength: 1, maxLength: 8 }),
    fc.record({ credit: fc.integer({ min: 0, max: 6 }) }),
  ),
  { maxLength: 40 },
);

t.test(
  'any stream, any client: it gets what a model of the policy says, and all is accounted for',
  async (t) => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(CONFLATE, { ...CONFLATE, maxMessages: 3 }, DROP_OLDEST),
        fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }),
        fc.array(fc.boolean(), { minLength: 1, maxLength: 10 }),
        steps,
        async (policy, credit, fullness, todo) => {
          const next = () => {
            let index = 0;
            return () => fullness[index++ % fullness.length] as boolean;
          };
          const scene = new Scene(policy, credit);
          scene.full = next();
          const model = new Model(policy, credit, next());
          let sent = 0;
          for (const step of todo) {
            if (Array.isArray(step)) {
              const messages = step.map((key) => `${key}${sent++}`);
              model.send(messages);
              await scene.send(...messages);
            } else {
              model.room(step.credit);
              await scene.room(step.credit);
            }
            if (JSON.stringify(scene.got) !== JSON.stringify(model.got) || scene.dropped !== model.dropped) {
              throw new Error(
                `got ${scene.got}\nwant ${model.got}; dropped ${scene.dropped}, ${model.dropped}`,
              );
            }
            const delivered = scene.got.filter((one) => !one.startsWith('-')).length;
            if (sent !== delivered + scene.dropped + model.held)
              throw new Error('some are not accounted for');
          }
          scene.full = () => false;
          await scene.end();
          await scene.room(1_000);
          if (!(await scene.result)) throw new Error('it has not ended');
          const told = scene.got
            .filter((one) => one.startsWith('-'))
            .reduce((sum, one) => sum - Number(one), 0);
          if (told !== scene.dropped) throw new Error('not all that was dropped was told');
        },
      ),
      { numRuns: 400 },
    );
    t.pass();
  },
);
