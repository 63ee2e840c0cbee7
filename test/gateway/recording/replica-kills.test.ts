import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { NO_NATS } from '../../support/nats-server.js';
import { allAt, finish, journalsOf, newest, openReplicas, type Replica, readers } from './killed-replicas.js';

// Gateways, NATS, the service, and the network between are killed, stopped and cut as real processes, under readers that come back: each sees every number once.

t.setTimeout(600_000);

const SECONDS = Number(process.env.SLUICE_KILL_SECONDS ?? 0);
const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
const READERS = 50;
const RANDOM_READERS = Number(process.env.SLUICE_KILL_READERS ?? READERS);

t.test(
  'a leader is killed under fifty readers: another goes on, in the same journal',
  { skip: NO_NATS },
  async (t) => {
    const all = await openReplicas(t, 3);
    const [leader] = all.replicas as [Replica];
    const first = readers(all, 1);
    await allAt(first.followers, 5);
    const rest = readers({ ...all, replicas: all.replicas.slice(1) }, READERS - 1);
    const crowd = {
      followers: [...first.followers, ...rest.followers],
      done: Promise.all([first.done, rest.done]),
    };
    await allAt(crowd.followers, 20);
    t.equal(all.counter.calls, 1, 'one call for all');
    const begun = performance.now();
    leader.running.child.kill('SIGKILL');
    await leader.running.exit;
    const seen = newest(crowd.followers);
    await allAt(crowd.followers, seen + 1);
    t.comment(`everybody goes on after ${Math.round(performance.now() - begun)} ms`);
    await leader.start();
    await finish(t, all, crowd);
    const journals = await journalsOf(all.nats.address);
    // The reader of the gateway that was killed may have seen more than the others have, and goes on at the service.
    const leads = [...journals.values()].map(
      (entries) => entries.filter(({ kind }) => kind === 'lead').length,
    );
    t.same(
      leads.filter((count) => count > 0),
      [1],
      'one goes on for all who stayed',
    );
    t.ok(all.counter.calls <= 3, `calls of the service: ${all.counter.calls}`);
  },
);

t.test(
  'a leader that was stopped and goes on writes nothing more into the journal',
  { skip: NO_NATS },
  async (t) => {
    const all = await openReplicas(t, 2);
    const [leader] = all.replicas as [Replica];
    const first = readers(all, 1);
    await allAt(first.followers, 5);
    const other = readers({ ...all, replicas: all.replicas.slice(1) }, 5);
    await allAt(other.followers, 20);
    t.equal(all.counter.calls, 1);
    leader.running.child.kill('SIGSTOP');
    while (all.counter.calls < 2) await delay(20);
    const seen = newest(other.followers);
    await allAt(other.followers, seen + 20);
    leader.running.child.kill('SIGCONT');
    await finish(t, all, {
      followers: [...first.followers, ...other.followers],
      done: Promise.all([first.done, other.done]),
    });
    for (const entries of (await journalsOf(all.nats.address)).values()) {
      let next = 1;
      for (const { kind, seq, count } of entries) {
        if (kind !== 'messages') continue;
        t.equal(seq, next, 'no number is there twice, and none is missing');
        next = seq + count;
      }
      t.equal(entries.filter(({ kind }) => kind === 'lead').length, 1);
    }
  },
);

t.test(
  'NATS is killed, and the network to it cut: all wait, and go on by themselves',
  { skip: NO_NATS },
  async (t) => {
    const all = await openReplicas(t, 2);
    const crowd = readers(all, READERS);
    await allAt(crowd.followers, 20);
    await all.nats.kill();
    await delay(500);
    await all.nats.start();
    await allAt(crowd.followers, newest(crowd.followers) + 20);
    for (const proxy of all.proxies) {
      proxy.cut();
      await delay(500);
      proxy.mend();
      await allAt(crowd.followers, newest(crowd.followers) + 20);
    }
    await finish(t, all, crowd);
  },
);

t.test('anything at any time', { skip: NO_NATS }, async (t) => {
  t.comment(`SEED=${SEED}`);
  let state = SEED >>> 0 || 1;
  const random = (below: number) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
  const all = await openReplicas(t, 3);
  const crowd = readers(all, RANDOM_READERS);
  await allAt(crowd.followers, 5);
  const until = performance.now() + (SECONDS > 0 ? SECONDS * 1_000 : 5_000);
  const actions: Record<string, () => Promise<void>> = {
    kill: async () => {
      const replica = all.replicas[random(all.replicas.length)] as Replica;
      replica.running.child.kill('SIGKILL');
      await replica.running.exit;
      await delay(random(1_000));
      await replica.start();
    },
    stop: async () => {
      const { child } = (all.replicas[random(all.replicas.length)] as Replica).running;
      child.kill('SIGSTOP');
      await delay(random(5_000));
      child.kill('SIGCONT');
    },
    nats: async () => {
      await all.nats.kill();
      await delay(random(2_000));
      await all.nats.start();
    },
    freeze: async () => {
      all.nats.stop(true);
      await delay(random(5_000));
      all.nats.stop(false);
    },
    service: async () => {
      all.counter.kill();
      await delay(random(1_500));
      await all.counter.start();
    },
    cut: async () => {
      const proxy = all.proxies[random(all.proxies.length)];
      proxy?.cut();
      await delay(random(4_000));
      proxy?.mend();
    },
  };
  const names = Object.keys(actions);
  while (performance.now() < until) {
    const name = names[random(names.length)] as string;
    t.comment(`${name}, at ${newest(crowd.followers)}`);
    await actions[name]?.();
    await delay(random(1_000));
    if (crowd.followers.some(({ problem }) => problem !== undefined)) break;
  }
  for (const replica of all.replicas) if (replica.running.child.exitCode !== null) await replica.start();
  await finish(t, all, crowd);
});
