import t from 'tap';
import { SharedCall } from '../../../../gateway/recording/replica/shared-call.js';
import type { LogEntry, SharedLog } from '../../../../gateway/recording/replica/shared-log.js';
import { RpcError } from '../../../../gateway/status/index.js';
import { stopClock } from '../../../support/clock.js';
import { FakeCall } from '../record/fake-service.js';

/** A call that another gateway leads, which has written up to `newest`; what it has written comes when the test gives it. */
function follow(newest: number) {
  const waiting: ((entry: LogEntry | undefined) => void)[] = [];
  const journal = { firstSeq: 1, lastSeq: 1, ageMs: 0, skipTo: () => {} };
  const log = {
    newest: () =>
      newest < 0 ? Promise.reject(new RpcError('JOURNAL_UNREACHABLE', 'away')) : Promise.resolve(newest),
    read: () => new Promise<LogEntry | undefined>((resolve) => waiting.push(resolve)),
    close: () => {},
    wake: () => {},
  } as unknown as SharedLog;
  const call = new SharedCall({ log, journal, open: undefined, onFollows: () => {} });
  t.teardown(() => call.cancel());
  return {
    call,
    journal,
    /** What the gateway does that follows: a message comes, and is written down. */
    async give(seq: number) {
      const read = call.read();
      const data = Buffer.from([0, 0, 0, 1, 7]);
      waiting.shift()?.({ kind: 'messages', seq, count: 1, data, ageMs: 0 });
      await read;
      journal.lastSeq = seq;
    },
  };
}

async function settlesAs(promise: Promise<unknown>): Promise<string> {
  return await promise.then(
    () => 'here',
    (reason: unknown) => RpcError.from(reason).reason ?? 'unknown',
  );
}

t.test('a client that has seen more at another gateway waits until it is here', async (t) => {
  const { call, give } = follow(3);
  t.equal(await settlesAs(call.reach(1)), 'here', 'what is here');
  t.equal(await settlesAs(call.reach(4)), 'here', 'what no gateway has: its id is refused');
  let isHere = false;
  const reached = call.reach(3).then(() => {
    isHere = true;
  });
  await give(2);
  await give(3);
  t.notOk(isHere, 'it has been handed over, and not written down');
  void call.read();
  await reached;
  t.ok(isHere);
});

t.test('it waits no longer than for the end of the call', async (t) => {
  const { call } = follow(3);
  const reached = settlesAs(call.reach(3));
  // It is asked for what NATS has first.
  await new Promise(setImmediate);
  call.cancel();
  t.equal(await reached, 'here');
});

t.test('it comes again where that takes long, or NATS is away', async (t) => {
  t.equal(await settlesAs(follow(-1).call.reach(2)), 'JOURNAL_UNREACHABLE');
  const clock = stopClock(t);
  const { call } = follow(3);
  const reached = settlesAs(call.reach(3));
  await new Promise(setImmediate);
  clock.pass(2_000);
  t.equal(await reached, 'JOURNAL_UNREACHABLE');
});

t.test('a service is not silent that is not read, because NATS is to have what came before', async (t) => {
  const written: ((isThere: boolean) => void)[] = [];
  const log = {
    write: () => new Promise<boolean>((resolve) => written.push(resolve)),
    trim: () => {},
    close: () => {},
    wake: () => {},
  } as unknown as SharedLog;
  const journal = { firstSeq: 1, lastSeq: 0, ageMs: 0, skipTo: () => {} };
  let claim: () => void = () => {};
  const lead = new Promise<void>((resolve) => {
    claim = resolve;
  });
  const service = new FakeCall({} as never);
  const call = new SharedCall({ log, journal, lead, open: () => service, onFollows: () => {} });
  t.teardown(() => call.cancel());
  const states: boolean[] = [];
  const note = async () => {
    await new Promise(setImmediate);
    states.push(call.isWriting);
  };
  const read = call.read();
  await note();
  claim();
  await note();
  written.shift()?.(true);
  await note();
  service.send(Buffer.from([7]));
  await note();
  written.shift()?.(true);
  await read;
  await note();
  t.same(states, [true, true, false, true, false], 'who leads, its head, nothing, its message, nothing');
});
