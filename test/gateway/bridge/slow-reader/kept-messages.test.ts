import fc from 'fast-check';
import t, { type Test } from 'tap';
import type { Conflate, DropOldest } from '../../../../gateway/bridge/policy.js';
import { keptMessages } from '../../../../gateway/bridge/slow-reader/kept-by-policy.js';
import { KEPT_OVERHEAD_BYTES } from '../../../../gateway/bridge/slow-reader/kept-cost.js';
import type { KeptMessages } from '../../../../gateway/bridge/slow-reader/kept-messages.js';
import { keptMemory, LARGE_BYTES, SEGMENT_BYTES } from '../../../../gateway/bridge/slow-reader/segment.js';
import { RpcError } from '../../../../gateway/status/index.js';
import { Batch } from '../../../../gateway/upstream/index.js';

// Messages are a letter, which is the key, and a number.

const read = Buffer.alloc(512 * 1024);
const text = (message: Uint8Array) => Buffer.from(message).toString('latin1');
const keyOf = (message: Uint8Array) => {
  const key = text(message).slice(0, 1);
  if (key === '!') throw new RpcError('UPSTREAM_INVALID_MESSAGE', 'this is no message');
  return key;
};

/** In one large buffer, as a transport hands them over. */
function views(messages: readonly string[]): Batch {
  let at = 0;
  const bounds = messages.flatMap((message) => {
    const start = at;
    at += read.write(message, at, 'latin1');
    return [start, at];
  });
  return new Batch(read, bounds, at);
}

const conflate = (bounds: Partial<Conflate> = {}): Conflate => ({
  policy: 'conflate',
  keyOf,
  maxMessages: 1_000,
  maxBytes: 1024 * 1024,
  ...bounds,
});
const dropOldest = (bounds: Partial<DropOldest> = {}): DropOldest => ({
  policy: 'drop-oldest',
  maxMessages: 1_000,
  maxBytes: 1024 * 1024,
  ...bounds,
});
/** A large message comes alone. */
const everything = (kept: KeptMessages) => {
  const all: string[] = [];
  while (kept.size > 0) {
    const batch = kept.take(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);
    all.push(...Array.from(batch, text));
    batch.settle();
  }
  return all;
};

/** Gives its memory up in the test's teardown. */
function open(t: Test, policy: Conflate | DropOldest): KeptMessages {
  const kept = keptMessages(policy);
  t.teardown(() => kept.release());
  return kept;
}

t.test('conflate keeps the newest of each key, in the order in which the keys arrived', async (t) => {
  const kept = open(t, conflate());
  t.equal(kept.keep(views(['b1', 'a1', 'b2', 'c1', 'a2'])).dropped, 2);
  t.equal(kept.keep(views(['b3'])).dropped, 1);
  t.same(everything(kept), ['b3', 'a2', 'c1']);
  kept.keep(views(['a3', 'b4']));
  t.same(everything(kept), ['a3', 'b4'], 'a key that was delivered has left its place');
  t.equal(kept.bytes, 0);
});

t.test('more keys than are allowed: the oldest key goes', async (t) => {
  const kept = open(t, conflate({ maxMessages: 2 }));
  t.equal(kept.keep(views(['a1', 'b1', 'c1', 'b2', 'd1'])).dropped, 3);
  t.same(everything(kept), ['c1', 'd1']);
});

t.test('drop-oldest keeps the newest', async (t) => {
  const kept = open(t, dropOldest({ maxMessages: 3 }));
  t.equal(kept.keep(views(['a1', 'a2', 'a3', 'a4', 'a5'])).dropped, 2);
  t.equal(kept.size, 3);
  t.same(everything(kept), ['a3', 'a4', 'a5']);
});

t.test('bytes are bounded too; a message that is larger alone is kept, and nothing else', async (t) => {
  const small = 10 + KEPT_OVERHEAD_BYTES;
  const kept = open(t, dropOldest({ maxBytes: 3 * small }));
  const messages = views(['a123456789', 'b123456789', 'c123456789', 'd123456789']);
  t.equal(kept.keep(messages).dropped, 1);
  t.equal(kept.bytes, 3 * small);
  t.equal(kept.keep(Batch.of([new Uint8Array(1024 * 1024)])).dropped, 3);
  t.equal(kept.size, 1);
  t.equal(kept.keep(views(['e'])).dropped, 1, 'it goes for what comes next');
  t.same(everything(kept), ['e']);
});

t.test('the newest message is not what goes when it has the oldest place', async (t) => {
  const kept = open(t, conflate({ maxBytes: 3 * KEPT_OVERHEAD_BYTES }));
  kept.keep(views(['a1', 'b1']));
  const large = new Uint8Array(3 * KEPT_OVERHEAD_BYTES).fill('a'.charCodeAt(0));
  t.equal(kept.keep(Batch.of([large])).dropped, 2);
  t.equal(kept.size, 1);
  t.equal(kept.take(1, 1).byteLength, large.length);
});

t.test('a message without a key ends it; those before it are kept', async (t) => {
  const kept = open(t, conflate());
  const { dropped, failure } = kept.keep(views(['a1', 'a2', '!', 'b1']));
  t.equal(dropped, 1);
  t.ok(failure instanceof RpcError);
  t.same(everything(kept), ['a2']);
});

t.test('what is taken is the oldest, at most so many and so many bytes, at least one', async (t) => {
  const kept = open(t, dropOldest());
  kept.keep(views(['a1', 'a2', 'a3', 'a4']));
  t.same(Array.from(kept.take(5, 10), text), ['a1', 'a2']);
  t.same(Array.from(kept.take(1, 10), text), ['a3']);
  t.same(Array.from(kept.take(100, 0), text), ['a4']);
  t.equal(kept.take(100, 100).count, 0);
});

t.test('what is kept does not hold the read that it came in; a large message is not copied', async (t) => {
  for (const policy of [conflate(), dropOldest()]) {
    const kept = open(t, policy);
    const before = keptMemory.takenBytes;
    const taken = () => keptMemory.takenBytes - before;
    kept.keep(views(['a1', 'b1', 'a2']));
    t.equal(taken(), SEGMENT_BYTES);
    const large = Buffer.alloc(LARGE_BYTES, 'c');
    kept.keep(Batch.of([large]));
    t.equal(taken(), SEGMENT_BYTES, 'it stays where it is');
    const small = kept.take(1, 1);
    t.equal(small.bytes.buffer.byteLength, 2, 'a buffer of its own');
    while (kept.size > 1) kept.take(1, 1);
    t.equal(kept.take(LARGE_BYTES, 10).bytes.buffer, large.buffer, 'not copied');
    kept.keep(views(['d'.padEnd(LARGE_BYTES)]));
    t.equal(taken(), SEGMENT_BYTES / 2 + (policy.policy === 'conflate' ? SEGMENT_BYTES : 0));
    const last = kept.take(1, 1);
    t.equal(text(last.message(0)).trim(), 'd', 'it lay in memory of others, so it was copied');
    last.settle();
  }
});

t.test('messages keep their ids', async (t) => {
  const id = (name: string) => `~é.${name}`;
  for (const policy of [conflate(), dropOldest()]) {
    const kept = open(t, policy);
    const names = ['a1', 'b2', 'c3', 'a4'];
    for (const padding of [0, LARGE_BYTES]) {
      const batch = views(names.map((name) => name.padEnd(padding)));
      batch.ids = { of: (index) => id(names[index] ?? '') };
      kept.keep(batch);
    }
    while (kept.size > 0) {
      const batch = kept.take(1_000, 2);
      for (let at = 0; at < batch.count; at += 1)
        t.equal(batch.ids?.of(at), id(text(batch.message(at)).trim()));
      batch.settle();
    }
  }
});

t.test('a key whose message changes its size for hours leaves no holes behind', async (t) => {
  const kept = open(t, conflate());
  let live = 0;
  for (let round = 0; round < 2_000; round += 1) {
    const lengths = Array.from(
      'abcdefgh',
      (_, at) => 1 + ((round * 7919 + at * 104_729) % (LARGE_BYTES - 2)),
    );
    kept.keep(views(Array.from('abcdefgh', (key, at) => key.padEnd(lengths[at] ?? 0, '.'))));
    live = Math.max(
      live,
      lengths.reduce((sum, length) => sum + length, 0),
    );
    if (keptMemory.takenBytes > 2 * LARGE_BYTES * 8 + 4 * SEGMENT_BYTES)
      t.fail(`${keptMemory.takenBytes} bytes`);
  }
  t.ok(live > 0);
  kept.release();
});

/** The policies, said once more and slowly. */
class Model {
  kept: string[] = [];
  dropped = 0;
  readonly policy: Conflate | DropOldest;

  constructor(policy: Conflate | DropOldest) {
    this.policy = policy;
  }

  keep(message: string): void {
    const { policy, maxMessages, maxBytes } = this.policy;
    const key = message.slice(0, 1);
    const place = policy === 'conflate' ? this.kept.findIndex((one) => one.startsWith(key)) : -1;
    if (place === -1) this.kept.push(message);
    else {
      this.kept[place] = message;
      this.dropped += 1;
    }
    while (this.kept.length > 1 && (this.kept.length > maxMessages || this.bytes > maxBytes)) {
      this.kept.splice(this.kept[0] === message ? 1 : 0, 1);
      this.dropped += 1;
    }
  }

  get bytes(): number {
    const ofKey = this.policy.policy === 'conflate' ? 2 : 0;
    return this.kept.reduce((sum, message) => sum + message.length + KEPT_OVERHEAD_BYTES + ofKey, 0);
  }
}

/** Each message is another one, so that the model can tell which is the newest. */
const batches = fc.array(
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.array(
        fc.tuple(
          fc.constantFrom(...'abcdefgh'),
          fc.oneof(
            fc.integer({ min: 0, max: 900 }),
            fc.integer({ min: LARGE_BYTES - 2, max: LARGE_BYTES + 900 }),
          ),
        ),
        {
          maxLength: 30,
        },
      ),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        take: fc.integer({ min: 0, max: 2_000 }),
        most: fc.integer({ min: 0, max: 12 }),
      }),
    },
  ),
  { maxLength: 40 },
);
const bounds = fc.record({
  maxMessages: fc.integer({ min: 1, max: 10 }),
  maxBytes: fc.integer({ min: 1, max: 60_000 }),
});

type Step = readonly [string, number][] | { readonly take: number; readonly most: number };

function isAsSaid(kept: KeptMessages, model: Model, steps: readonly Step[]): boolean {
  const { maxBytes } = model.policy;
  const mostPages = maxBytes + maxBytes / 4 + 2 * LARGE_BYTES + 4 * SEGMENT_BYTES;
  let received = 0;
  let delivered = 0;
  let dropped = 0;
  for (const step of steps) {
    if (Array.isArray(step)) {
      const messages = step.map(([key, length]) => `${key}${received++}`.padEnd(length, '.'));
      for (const message of messages) model.keep(message);
      dropped += kept.keep(views(messages)).dropped;
    } else {
      const { take, most } = step as Exclude<Step, readonly [string, number][]>;
      const batch = kept.take(take, most);
      const taken = Array.from(batch, text);
      batch.settle();
      if (JSON.stringify(taken) !== JSON.stringify(model.kept.splice(0, taken.length))) return false;
      delivered += taken.length;
    }
    if (dropped !== model.dropped || kept.size !== model.kept.length) return false;
    if (received !== delivered + dropped + kept.size) return false;
    if (kept.bytes !== model.bytes || (kept.size > 1 && kept.bytes > maxBytes)) return false;
    if (keptMemory.takenBytes > mostPages) return false;
  }
  return JSON.stringify(everything(kept)) === JSON.stringify(model.kept);
}

t.test(
  'any stream and any reader: the same as a model of the policy, and everything is accounted for',
  async (t) => {
    fc.assert(
      fc.property(fc.boolean(), bounds, batches, (conflates, bound, steps) => {
        const kept = keptMessages(conflates ? conflate(bound) : dropOldest(bound));
        const isSame = isAsSaid(kept, new Model(conflates ? conflate(bound) : dropOldest(bound)), steps);
        kept.release();
        return isSame && keptMemory.takenBytes === 0;
      }),
      { numRuns: 1_000 },
    );
    t.pass();
  },
);
