import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { http } from '../../support/http.js';
import { NO_NATS } from '../../support/nats-server.js';
import { journalsOf, openReplicas, type Replica } from './killed-replicas.js';

// Calls that go on without clients, whose gateways are killed.

t.setTimeout(120_000);

async function detach({ url }: Replica, path: string): Promise<string> {
  const headers = { accept: 'application/x-ndjson', prefer: 'respond-async' };
  const { status, headers: head } = await http(`${url}${path}`, { headers });
  if (status !== 202) throw new Error(`${status}`);
  return String(head.location);
}

/** How the call stands, as a gateway says it. */
async function stateOf({ url }: Replica, location: string) {
  const { headers, status } = await http(`${url}${location}`, { method: 'HEAD' });
  const last = String(headers['sluice-last-event-id'] ?? '');
  return { status, state: headers['sluice-call-state'], code: headers['grpc-status'], last };
}

t.test(
  'the gateway of a detached call is killed while nobody reads: another one goes on behind the newest message',
  { skip: NO_NATS },
  async (t) => {
    const { replicas, counter, nats } = await openReplicas(t, 2);
    const [leader, other] = replicas as [Replica, Replica];
    const location = await detach(leader, '/t.S/Numbers');
    while (counter.calls < 1 || Number((await stateOf(leader, location)).last) < 20) await delay(20);
    // As long as a deputy is looked for at most.
    await delay(3_000);
    const begun = performance.now();
    leader.running.child.kill('SIGKILL');
    await leader.running.exit;
    while (counter.calls < 2) await delay(10);
    const tookMs = Math.round(performance.now() - begun);
    t.ok(tookMs < 5_000, `another one leads after ${tookMs} ms`);
    t.ok((counter.asked[1] ?? 0) >= 20, 'behind what was recorded');
    const { last } = await stateOf(other, location);
    counter.last = Number(last) + 30;
    const { text } = await http(`${other.url}${location}?lastEventId=~earliest`, {
      headers: { accept: 'application/x-ndjson' },
    });
    const numbers = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).result?.id ?? JSON.parse(line).id);
    t.same(
      numbers,
      Array.from({ length: counter.last }, (_, index) => index + 1),
      'every number once',
    );
    t.match(await stateOf(other, location), { state: 'ended', code: '0' });
    const [entries = []] = (await journalsOf(nats.address)).values();
    t.equal(entries.filter(({ kind }) => kind === 'lead').length, 1);
    // Whoever starts anew finds it as well.
    await leader.start();
    t.match(await stateOf(leader, location), { state: 'ended', code: '0' });
  },
);

t.test(
  'one that cannot be gone on with says so, at every gateway, and is not made again',
  { skip: NO_NATS },
  async (t) => {
    const { replicas, counter } = await openReplicas(t, 3);
    const [leader, ...others] = replicas as [Replica, Replica, Replica];
    const location = await detach(leader, '/t.S/Uncounted');
    while (counter.calls < 1) await delay(20);
    await delay(3_000);
    const begun = performance.now();
    leader.running.child.kill('SIGKILL');
    await leader.running.exit;
    const state = async (replica: Replica) => (await stateOf(replica, location)).state;
    while ((await state(others[0])) !== 'ended' || (await state(others[1])) !== 'ended') await delay(50);
    const tookMs = Math.round(performance.now() - begun);
    t.ok(tookMs < 5_000, `its end is told after ${tookMs} ms`);
    for (const other of others) {
      t.match(await stateOf(other, location), { status: 200, code: '14' });
      const { text } = await http(`${other.url}${location}`, { headers: { accept: 'text/event-stream' } });
      t.match(text, /LEADER_LOST/);
    }
    t.equal(counter.calls, 1);
  },
);
