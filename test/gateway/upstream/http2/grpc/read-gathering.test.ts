import type { ServerHttp2Stream } from 'node:http2';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import t from 'tap';
import { Alarm } from '../../../../../gateway/async/index.js';
import { type HeldReader, ReadGathering } from '../../../../../gateway/upstream/http2/grpc/read-gathering.js';
import { openHttp2Transport } from '../../../../../gateway/upstream/index.js';
import { neverAborted, until } from '../../contract/subject.js';
import { frame, grpcHeaders, openPeer } from '../peer.js';

const SMALL = 50;

/** An alarm that rings by the clock of the test. */
class HandAlarm extends Alarm {
  dueMs = Number.POSITIVE_INFINITY;
  override get isSet(): boolean {
    return this.dueMs < Number.POSITIVE_INFINITY;
  }
  override clear(): void {
    this.dueMs = Number.POSITIVE_INFINITY;
  }
}

/** A reader that counts what it holds; `delivered` has how many reads each batch was. */
class Reader implements HeldReader {
  isHeld = false;
  isAwaited = true;
  keptBytes = 0;
  held = 0;
  pushed = 0;
  readonly delivered: number[] = [];
  push(bytes: number): void {
    if (this.isHeld || !this.isAwaited) {
      this.keptBytes += bytes;
      this.held += 1;
    } else this.pushed += 1;
  }
  flush(): void {
    if (this.pushed > 0) this.delivered.push(this.pushed);
    this.pushed = 0;
  }
  deliver(): void {
    if (!this.isAwaited || this.held === 0) return;
    this.delivered.push(this.held);
    this.held = 0;
    this.keptBytes = 0;
  }
}

function open() {
  let now = 1000;
  let alarm: HandAlarm | undefined;
  const reader = new Reader();
  let rests = 0;
  const gathering = new ReadGathering(
    reader,
    () => {
      rests += 1;
    },
    () => now,
    (sleeper) => {
      const made = new HandAlarm(sleeper);
      made.set = (delayMs: number) => {
        made.dueMs = now + delayMs;
      };
      alarm = made;
      return made;
    },
  );
  /** Time passes, and what is due rings at its time. */
  const wait = (ms: number) => {
    const end = now + ms;
    const due = alarm?.dueMs ?? Number.POSITIVE_INFINITY;
    if (due <= end) {
      now = due;
      alarm?.clear();
      gathering.onAlarm();
    }
    now = end;
  };
  const read = (bytes = SMALL, pieces = 1) => {
    reader.push(bytes);
    gathering.onReadEnd(bytes, pieces);
  };
  const isAlarmSet = () => alarm?.isSet ?? false;
  const takeRests = () => {
    const taken = rests;
    rests = 0;
    return taken;
  };
  return { reader, gathering, wait, read, isAlarmSet, takeRests };
}

t.test('reads that come slowly are handed over one by one, and set no alarm', async (t) => {
  for (const gapMs of [0.15, 0.25, 1, 10]) {
    const { reader, wait, read, isAlarmSet, takeRests } = open();
    for (let n = 0; n < 1000; n += 1) {
      wait(gapMs);
      read();
      t.notOk(isAlarmSet());
    }
    t.equal(takeRests(), 0);
    t.same(reader.delivered, Array(1000).fill(1), `${gapMs} ms`);
  }
});

t.test('reads that come fast are handed over as many at once as come in 0.2 ms', async (t) => {
  for (const [gapMs, least, most] of [
    [0.09, 2, 2],
    [0.06, 3, 4],
    [0.045, 4, 5],
  ] as const) {
    const { reader, gathering, wait, read, takeRests } = open();
    for (let n = 0; n < 2000; n += 1) {
      wait(gapMs);
      read();
    }
    const settled = reader.delivered.slice(-20);
    t.ok(
      settled.every((reads) => reads >= least && reads <= most),
      `${gapMs} ms: ${settled}`,
    );
    t.equal(takeRests(), 0);
    gathering.end();
    t.equal(
      reader.delivered.reduce((sum, reads) => sum + reads, 0),
      2000,
      'none is left',
    );
  }
});

t.test('a stream that pauses is waited for a millisecond, and its next message goes at once', async (t) => {
  const { reader, wait, read, isAlarmSet } = open();
  for (let n = 0; n < 1000 || reader.held === 0; n += 1) {
    wait(0.05);
    read();
  }
  t.ok(isAlarmSet());
  wait(0.7);
  t.ok(reader.held > 0);
  wait(0.4);
  t.equal(reader.held, 0);
  const before = reader.delivered.length;
  wait(5);
  read();
  t.equal(reader.delivered.length, before + 1);
  t.equal(reader.delivered.at(-1), 1);
  t.notOk(isAlarmSet());
});

t.test('messages that come faster still are left where they arrive, for as long as they do', async (t) => {
  const { reader, wait, read, takeRests, isAlarmSet } = open();
  let reads = 0;
  for (; takeRests() === 0 && reads < 1000; reads += 1) {
    wait(0.02);
    read();
  }
  t.ok(reads < 100, `after ${reads} reads`);
  t.equal(reader.held, 0, 'what was held goes on');
  for (let n = 0; n < 10; n += 1) {
    wait(1.5);
    read(75 * SMALL, 75);
    t.same([takeRests(), reader.held, isAlarmSet()], [1, 0, false], 'another rest, and nothing is held');
  }
  wait(1.5);
  read(5 * SMALL, 5);
  t.equal(takeRests(), 0, 'they come slowly now');
  wait(1);
  read();
  t.same([takeRests(), reader.held], [0, 0]);

  const full = open();
  for (let n = 0; full.takeRests() === 0 && n < 1000; n += 1) {
    full.wait(0.02);
    full.read();
  }
  full.wait(1.5);
  full.read(33 * 1024, 300);
  t.equal(full.takeRests(), 0, 'a service that could send more is not held up');

  const away = open();
  away.reader.isAwaited = false;
  for (let n = 0; n < 1000; n += 1) {
    away.wait(0.02);
    away.read();
  }
  t.equal(away.takeRests(), 0, 'a client that does not read holds the stream up by itself');
});

t.test('large reads, many bytes, and a reader that is away are not held', async (t) => {
  const { reader, wait, read, isAlarmSet } = open();
  const fast = (count: number, bytes: number) => {
    for (let n = 0; n < count; n += 1) {
      wait(0.05);
      read(bytes);
      t.ok(reader.keptBytes < 9 * 1024);
    }
  };
  fast(1000, 1000);
  t.ok((reader.delivered.at(-1) ?? 0) <= 9, 'bytes bound what waits');
  fast(3, 64_000);
  t.equal(reader.held, 0);
  t.notOk(reader.isHeld);
  t.equal(reader.delivered.at(-1), 1);
  fast(100, SMALL);
  reader.isAwaited = false;
  wait(0.001);
  read();
  t.notOk(isAlarmSet(), 'nothing wakes a reader that is away');
});

t.test('nothing is lost or held for long, whatever comes when', async (t) => {
  const gap = fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: 1, max: 60 }) },
    { weight: 1, arbitrary: fc.integer({ min: 100, max: 3000 }) },
  );
  const step = fc.tuple(gap, fc.constantFrom(1, 50, 50, 50, 900, 5000), fc.nat(30));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const { reader, gathering, wait, read, isAlarmSet } = open();
      for (const [gapUs, bytes, lot] of steps) {
        wait(gapUs / 1000);
        reader.isAwaited = lot > 1;
        read(bytes);
        // A reader that comes back takes what waits.
        reader.isAwaited = true;
        if (lot <= 1) reader.deliver();
        if (reader.held > 0 && !isAlarmSet()) return false;
      }
      gathering.end();
      const sum = reader.delivered.reduce((total, reads) => total + reads, 0);
      return sum === steps.length && !isAlarmSet() && !reader.isHeld;
    }),
  );
  t.pass();
});

const MESSAGES = 3000;

for (const end of ['ends', 'breaks', 'pauses', 'is cancelled'] as const) {
  t.test(
    `a service that writes message by message and then ${end}: each is read, in its order`,
    async (t) => {
      let served: ServerHttp2Stream | undefined;
      const peer = await openPeer(async (stream) => {
        served = stream;
        stream.respond(grpcHeaders, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
        for (let n = 0; n < MESSAGES; n += 1) {
          stream.write(frame(Buffer.from(String(n))));
          await turn();
        }
        if (end === 'ends') stream.end();
        if (end === 'breaks') stream.close(2);
      });
      const transport = openHttp2Transport({ target: peer.target, maxConnections: 1 });
      t.teardown(async () => {
        await transport.close();
        peer.close();
      });
      const call = transport.open('/test.Flow/Trickle', { metadata: [], signal: neverAborted() });
      const got: number[] = [];
      const reading = (async () => {
        for (let batch = await call.read(); batch !== undefined; batch = await call.read())
          for (const message of batch) got.push(Number(Buffer.from(message).toString()));
      })();
      if (end === 'pauses' || end === 'is cancelled') {
        await until(() => got.length === MESSAGES);
        call.cancel();
      }
      await reading;
      await call.status;
      t.same(
        got,
        Array.from({ length: MESSAGES }, (_, n) => n),
      );
      served?.destroy();
      t.equal(Alarm.count, 0, 'no alarm is left');
    },
  );
}
