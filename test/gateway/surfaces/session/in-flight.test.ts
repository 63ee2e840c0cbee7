import t, { type Test } from 'tap';
import { InFlight } from '../../../../gateway/surfaces/session/in-flight.js';
import { type Clock, stopClock } from '../../../support/clock.js';
import { bytes, openForeign } from '../../../support/foreign.js';
import { until } from '../../../support/http.js';
import { openOf, openSession, PROTOCOLS } from '../../../support/session.js';

const KIB = 1024;
/** What may be in flight on a way whose speed is not known, and what one ping stands for. */
const LEAST = 16 * KIB;
const TURN = 8 * KIB;
const FIRST_PATIENCE_MS = 250;
const PATIENCE_MS = 5_000;

/** A bound whose client answers when the test says so. */
function create(t: Test) {
  const clock = stopClock(t);
  const pings: number[] = [];
  let rooms = 0;
  const inFlight = new InFlight(
    (position) => pings.push(position),
    () => {
      rooms += 1;
    },
  );
  t.teardown(() => inFlight.close());
  /** Writes turns of one call for as long as it is admitted, at most so many. Returns how many. */
  const pour = (most = 1_000, from = inFlight.position) => {
    let wroteTo = from;
    let turns = 0;
    for (; turns < most && inFlight.admits(wroteTo); turns += 1) {
      inFlight.sent(TURN);
      wroteTo = inFlight.position;
    }
    return turns;
  };
  return { clock, pings, inFlight, pour, rooms: () => rooms };
}

t.test('a session whose calls never ran beside each other has no bound, and gets no pings', async (t) => {
  const { pour, pings } = create(t);
  t.equal(pour(), 1_000);
  t.same(pings, []);
});

t.test('what a call has in flight is bounded, and goes on as the client answers pings', async (t) => {
  const { pour, pings, inFlight, rooms } = create(t);
  pour(100);
  const before = inFlight.position;
  inFlight.begin();
  t.same(pings, [before], 'the first ping lies behind what was sent without a bound');
  t.equal(pour(), LEAST / TURN);
  t.same(
    pings.slice(1),
    [1, 2].map((turn) => before + turn * TURN),
  );
  t.notOk(inFlight.admits(inFlight.position));
  inFlight.arrived(before + TURN);
  t.equal(rooms(), 1, 'whoever waits is told');
  t.equal(pour(), 1, 'as much as has arrived');
  inFlight.arrived(before + 3 * TURN);
  t.equal(pour(), 2, 'an answer stands for those that were left out');
});

t.test('a call of which nothing is in flight is not held up by others, up to twice the bound', async (t) => {
  const { pour, inFlight } = create(t);
  inFlight.begin();
  pour();
  const small = 0;
  t.ok(inFlight.admits(small));
  inFlight.sent(LEAST - 1);
  t.ok(inFlight.admits(small));
  inFlight.sent(1);
  t.notOk(inFlight.admits(small), 'a crowd of such calls is bounded as well');
});

t.test('a client that answers no ping is waited for once, and gets a bounded number of them', async (t) => {
  const { clock, pour, pings, inFlight, rooms } = create(t);
  inFlight.begin();
  pour();
  clock.pass(FIRST_PATIENCE_MS - 1);
  t.equal(pour(), 0);
  clock.pass(50);
  t.equal(rooms(), 1, 'whoever waits is told when it is over');
  t.equal(pour(), 1_000);
  t.ok(pings.length <= 8, `${pings.length} pings`);
  clock.pass(20_000);
  inFlight.begin();
  t.equal(pour(), 1_000, 'not even when calls stand beside each other again');
  inFlight.arrived(pings.at(-1) as number);
  t.equal(pour(1_000), 1, 'nothing is known of what was sent since, so another ping is sent behind it');
  inFlight.arrived(inFlight.position);
  t.equal(pour(), LEAST / TURN, 'and one that answers is bounded');
  clock.pass(PATIENCE_MS - 100);
  inFlight.begin();
  t.equal(pour(), 0, 'and waited for longer');
  clock.pass(200);
  t.equal(pour(), 1_000, 'but not for ever');
});

t.test('answers that answer nothing change nothing', async (t) => {
  const { pour, inFlight, rooms } = create(t);
  inFlight.begin();
  pour();
  for (const position of [Number.NaN, -1, 1, Number.POSITIVE_INFINITY, 2 ** 60]) inFlight.arrived(position);
  t.equal(rooms(), 0);
  t.notOk(inFlight.admits(inFlight.position));
});

t.test('the bound ends some time after the last call that stood beside another', async (t) => {
  const { clock, pour, pings, inFlight } = create(t);
  inFlight.begin();
  inFlight.arrived(0);
  clock.pass(9_000);
  inFlight.begin();
  clock.pass(9_000);
  t.equal(pour(), LEAST / TURN);
  inFlight.arrived(inFlight.position);
  clock.pass(1_001);
  const before = pings.length;
  t.equal(pour(), 1_000);
  t.equal(pings.length, before);
});

/** Milliseconds. */
const STEP_MS = 0.25;

/** Plays a client at the end of a way of a speed and a length, to which as much is sent as is admitted. Milliseconds and bytes. */
function play(
  clock: Clock,
  way: { perMs: number; wayMs: number },
  durationMs: number,
  heldMs: (now: number) => number = () => 0,
) {
  /** What the sockets take without a bound. */
  const SOCKET = 64 * 1024 * KIB;
  /** In the queue before the slow part of the way, and after it. */
  const queue: { position: number; at: number }[] = [];
  const answers: { position: number; at: number }[] = [];
  let served = 0;
  let most = 0;
  let now = 0;
  const inFlight = new InFlight(
    (position) => queue.push({ position, at: now }),
    () => {},
  );
  let arrivedAtHalf = 0;
  for (; now < durationMs; now += STEP_MS) {
    // It is asked for all the time: the calls beside are there.
    inFlight.begin();
    while (inFlight.position - served < SOCKET && inFlight.admits(inFlight.position)) inFlight.sent(8 * KIB);
    served = Math.min(inFlight.position, served + way.perMs * STEP_MS);
    while (queue.length > 0 && (queue[0]?.position ?? 0) <= served) {
      const at = Math.max(answers.at(-1)?.at ?? 0, now + way.wayMs + heldMs(now));
      answers.push({ position: queue.shift()?.position ?? 0, at });
    }
    while (answers.length > 0 && (answers[0]?.at ?? 0) <= now)
      inFlight.arrived(answers.shift()?.position ?? 0);
    if (now < durationMs / 2) arrivedAtHalf = served;
    else most = Math.max(most, inFlight.position - served);
    clock.pass(STEP_MS);
  }
  inFlight.close();
  return { perMs: (served - arrivedAtHalf) / (durationMs / 2), waiting: most };
}

t.test(
  'on any way the stream has nearly all of the speed, and the queue is about one round trip long',
  async (t) => {
    const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 1e9));
    t.comment(`SEED=${seed}`);
    let state = seed;
    const random = () => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
      return state / 0x7fffffff;
    };
    const ways = [
      { perMs: 125, wayMs: 50 },
      { perMs: 12_500, wayMs: 80 },
      { perMs: 100_000, wayMs: 1 },
      ...Array.from({ length: 6 }, () => ({ perMs: 50 * 2_000 ** random(), wayMs: 0.5 + 99 * random() })),
    ];
    for (const way of ways) {
      const clock = stopClock(t);
      const { perMs, waiting } = play(clock, way, 25_000);
      // The clock of the play goes in steps.
      const inOneTrip = way.perMs * (way.wayMs + 2 * STEP_MS);
      const what = `${Math.round(way.perMs)} bytes a ms, ${Math.round(way.wayMs)} ms`;
      t.ok(perMs > 0.85 * way.perMs, `${what}: ${Math.round(perMs)} arrive`);
      // A trip is as long as the way and what lay before the ping that was fastest; a turn crosses the bound.
      const most = 2 * (inOneTrip + LEAST + 8 * KIB) + 8 * KIB + way.perMs * STEP_MS;
      t.ok(
        waiting < most,
        `${what}: ${Math.round(waiting / KIB)} KiB wait, at most ${Math.round(most / KIB)}`,
      );
    }
  },
);

t.test("answers that the client's own uploads hold up do not stop the stream", async (t) => {
  for (const [heldMs, share] of [
    [60, 0.7],
    [250, 0.35],
  ] as const) {
    const clock = stopClock(t);
    const isHeld = (now: number) => now > 5_000 && now % 3_000 < 2_000;
    const { perMs } = play(clock, { perMs: 10_000, wayMs: 50 }, 30_000, (now) => (isHeld(now) ? heldMs : 0));
    t.ok(
      perMs > share * 10_000,
      `held up for ${heldMs} ms: ${Math.round(perMs)} of 10,000 bytes a ms arrive`,
    );
  }
});

for (const protocol of PROTOCOLS) {
  for (const autoPong of [true, false]) {
    t.test(
      `a stream beside a call comes whole, answers the client ${autoPong ? '' : 'no '}pings: ${protocol}`,
      async (t) => {
        const item = await bytes({ text: 'x'.repeat(1_000) });
        const { wsUrl } = await openForeign(t, {
          Down: [{ in: 'end' }, { out: item, times: 3_000 }, { status: 'OK' }],
          Both: [{ echo: true }],
        });
        const client = await openSession(wsUrl, protocol, { autoPong } as object);
        const payloads: number[] = [];
        client.test.socket.on('ping', (payload: Buffer) => payloads.push(payload.length));
        const run = async (id: number) => {
          await client.send(openOf(id, 'Down', { credit: 10_000 }), { message: { id, data: {} } });
          const frames = await client.all(id);
          t.equal(frames.filter(({ message }) => message !== undefined).length, 3_000);
        };
        await run(1);
        t.same(payloads, [], 'no ping while it is alone');
        await client.send(openOf(2, 'Both'));
        await run(3);
        t.ok(payloads.length > 0 && payloads.every((length) => length === 8), `${payloads.length} pings`);
        if (autoPong) await until(t, 'a ping for each part of it', () => payloads.length > 10);
      },
    );
  }
}
