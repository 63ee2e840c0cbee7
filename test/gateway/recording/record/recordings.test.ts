import t from 'tap';
import { LATER } from '../../../../gateway/upstream/index.js';
import { fakeMethods, fakeRecordings, numbered, numberOf, settled } from './fake-service.js';
import { testRecordings } from './recordings-contract.js';

// Alarms do not keep a process alive.
const awake = setInterval(() => {}, 1_000);
t.teardown(() => clearInterval(awake));

testRecordings(t, 'memory', (t, given) => {
  const one = fakeRecordings(given);
  t.teardown(() => one.recordings.close());
  return { ...one, one, other: one };
});

t.test('calls that outlive their clients are limited, by principal and in all', async (t) => {
  const method = await fakeMethods(t);
  const { recordings, calls, open } = fakeRecordings({ detached: 3, detachedPerPrincipal: 2 });
  t.teardown(() => recordings.close());
  const watch = method('Watch', { maxAgeMs: 400 });
  const first = open(watch, { detach: true });
  const { location = '' } = (await first.start) ?? {};
  open(watch, { detach: true });
  t.match(await open(watch, { detach: true }).status, { code: 8, reason: 'DETACHED_LIMIT' });
  t.ok(calls.at(-1)?.isCancelled, 'and its call is not left behind');
  open(watch, { detach: true, principal: 'q' });
  t.match(await open(watch, { detach: true, principal: 'r' }).status, { code: 14, reason: 'GATEWAY_LIMIT' });
  recordings.stop(location, 'p');
  await settled();
  open(watch, { detach: true });
  calls.at(-1)?.send(numbered(1));
  t.notOk(calls.at(-1)?.isCancelled, 'one that is over does not count');
});

t.test('who waits is handed a message as it is written down, whoever leaves meanwhile', async (t) => {
  const method = await fakeMethods(t);
  const { recordings, calls, open } = fakeRecordings();
  t.teardown(() => recordings.close());
  const watch = method('Watch', { sharing: 'everyone' });
  const readers = [open(watch), open(watch), open(watch)];
  await settled();
  const seen: string[] = [];
  for (const [index, reader] of readers.entries()) {
    const wake = () => {
      const batch = reader.next({ wake });
      if (batch === LATER || batch instanceof Promise) return void seen.push(`${index} waits`);
      for (const message of batch ?? []) seen.push(`${index} has ${numberOf(message)}`);
      if (batch === undefined) return void seen.push(`${index} is over`);
      // The first takes the last one with it, which has not been woken.
      if (index === 0) readers[2]?.cancel();
      wake();
    };
    wake();
  }
  t.same(seen.splice(0), ['0 waits', '1 waits', '2 waits']);
  calls[0]?.send(numbered(1));
  await settled();
  t.same(seen.splice(0), ['0 has 1', '2 is over', '0 waits', '1 has 1', '1 waits']);
  t.equal(recordings.readers, 2);
  calls[0]?.send(numbered(2), numbered(3));
  calls[0]?.end();
  await settled();
  const both = ['0 has 2', '0 has 3', '0 waits', '1 has 2', '1 has 3', '1 waits'];
  t.same(seen, [...both, '0 is over', '1 is over']);
});
