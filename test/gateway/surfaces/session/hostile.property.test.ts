import { create, type DescMessage, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import t from 'tap';
import { foreignSchema } from '../../../support/foreign.js';
import { frameTypes, PROTOCOLS } from '../../../support/session.js';
import { openFakeSession, settle } from './fake-session.js';

/** Runs of the property; more of them with SLUICE_RUNS. */
const RUNS = Number(process.env.SLUICE_RUNS ?? 500);
const { client } = await frameTypes();
const item = (await foreignSchema()).registry.getMessage('foreign.v1.Item') as DescMessage;

const CODES = new Set([4400, 4429]);

const id = fc.oneof(
  { weight: 40, arbitrary: fc.integer({ min: 1, max: 6 }) },
  fc.constantFrom(0, 7, 2 ** 32 - 1),
);
const count = fc.oneof(
  { weight: 40, arbitrary: fc.integer({ min: 1, max: 20 }) },
  fc.constantFrom(2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1),
);
const method = fc
  .constantFrom('Ask', 'Down', 'Up', 'Both', 'Both', 'Numbered', 'Nope')
  .map((name) => `foreign.v1.Foreign/${name}`);
const metadata = fc.dictionary(
  fc.constantFrom('a', 'te', 'x-bin', 'Upper', '__proto__'),
  fc.constantFrom('1', 'AAE=', 'ü'),
  { maxKeys: 2 },
);
const cursor = fc.oneof({ weight: 4, arbitrary: fc.constant('') }, fc.string({ maxLength: 5 }));

/** Frames that make sense one by one, and mostly not in the order in which they come. */
const frame = fc.oneof(
  {
    weight: 1,
    arbitrary: fc
      .record({
        id,
        method,
        metadata,
        credit: count,
        creditBytes: fc.oneof(fc.constant(0), count),
        cursor,
        timeoutMs: fc.constantFrom(0, 0, 1),
      })
      .map((open) => ({ open })),
  },
  { weight: 5, arbitrary: fc.record({ id }).map((message) => ({ message })) },
  { weight: 2, arbitrary: fc.record({ id }).map((halfClose) => ({ halfClose })) },
  { weight: 2, arbitrary: fc.record({ id }).map((cancel) => ({ cancel })) },
  { weight: 3, arbitrary: fc.record({ id, messages: count }).map((credit) => ({ credit })) },
  { weight: 1, arbitrary: fc.record({ id, messages: count, bytes: count }).map((credit) => ({ credit })) },
  { weight: 1, arbitrary: fc.string({ maxLength: 5 }).map((token) => ({ ping: { token } })) },
);

/** What is done to the bytes of a frame before they are sent. */
const harm = fc.oneof(
  { weight: 60, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.record({ at: fc.nat({ max: 60 }), byte: fc.nat({ max: 255 }) }) },
);

type Sent = Record<string, Record<string, unknown>>;

function bytesOf(frame: Sent, protocol: string): Buffer {
  if (protocol === 'sluice.v1.json') {
    const { message } = frame;
    return Buffer.from(JSON.stringify(message ? { message: { ...message, data: { text: 'x' } } } : frame));
  }
  const [[name, fields]] = Object.entries(frame) as [[string, Record<string, unknown>]];
  const value =
    name === 'message' ? { ...fields, data: toBinary(item, create(item, { text: 'x' } as never)) } : fields;
  return Buffer.from(toBinary(client, create(client, { frame: { case: name, value } } as never)));
}

t.test('whatever a client sends, the session answers by the rules, and nothing stays', async (t) => {
  const hostile = fc.record({
    protocol: fc.constantFrom(...PROTOCOLS),
    methods: fc.array(method, { minLength: 3, maxLength: 6 }),
    frames: fc.array(fc.tuple(frame, harm), { maxLength: 40, size: 'max' }),
    /** After which frames the service and the client do something. */
    pace: fc.nat({ max: 3 }),
  });
  let closes = 0;
  await fc.assert(
    fc.asyncProperty(hostile, async ({ protocol, methods, frames, pace }) => {
      const errors: unknown[] = [];
      const fake = openFakeSession(protocol, { sessionCalls: 8 }, [], (fields) => errors.push(fields));
      const { session, socket, transport, exchanges } = fake;
      const opens = methods.map((name, index) => ({ open: { id: index + 1, method: name, credit: 3 } }));
      const script: [Sent, { at: number; byte: number } | undefined][] = opens.map((open) => [
        open,
        undefined,
      ]);
      for (const [sent, damage] of frames) script.push([sent as Sent, damage]);
      for (const [index, [sent, damage]] of script.entries()) {
        const bytes = bytesOf(sent, protocol);
        if (damage !== undefined && damage.at < bytes.length) bytes[damage.at] = damage.byte;
        session.receive(bytes, protocol === 'sluice.v1.proto');
        if (pace > 0 && index % pace === 0) {
          for (const call of transport.calls) {
            if (call.hasRequest) call.accept();
            else if (call.hasRoom) call.emit(Buffer.from([0x10, 1]));
          }
          socket.take();
          await settle();
        }
      }
      const { closedWith } = socket;
      if (closedWith !== undefined) {
        closes += 1;
        if (!CODES.has(closedWith.code)) throw new Error(`closed with ${JSON.stringify(closedWith)}`);
      }
      if (session.openCalls > 8) throw new Error(`${session.openCalls} calls`);
      while (socket.take() !== undefined) await settle();
      session.closed();
      await settle();
      if (errors.length > 0) throw new Error(`logged: ${JSON.stringify(errors)}`);
      if (exchanges.size !== 0 || session.openCalls !== 0 || session.heldBytes !== 0)
        throw new Error('something is left');
      if (transport.calls.some(({ over }) => !over)) throw new Error('a call at the service is open');
    }),
    { numRuns: RUNS, endOnFailure: true },
  );
  t.ok(closes > RUNS / 20 && closes < RUNS, `${closes} of ${RUNS} were closed`);
});
