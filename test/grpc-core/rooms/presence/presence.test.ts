import t from 'tap';
import {
  Heartbeat,
  LEASE_MS,
  Leases,
  Presence,
  type PresenceChange,
} from '../../../../grpc-core/rooms/presence/index.js';
import type { Store } from '../../../../grpc-core/store/index.js';
import { MemoryStore } from '../memory-store.js';
import { log } from '../subjects.js';

interface Replica {
  readonly leases: Leases;
  readonly presence: Presence;
  readonly changes: PresenceChange[];
}

async function replica(store: Store, id: string, now: () => number): Promise<Replica> {
  const leases = new Leases(store, id, now);
  await leases.renew();
  const changes: PresenceChange[] = [];
  const presence = new Presence(store, 'test', leases, async (_room, change) => {
    changes.push(change);
  });
  return { leases, presence, changes };
}

t.test('a user is in a room from its first stream to its last, over all replicas', async (t) => {
  const store = new MemoryStore();
  const a = await replica(store, 'a', () => 0);
  const b = await replica(store, 'b', () => 0);
  await a.presence.join('room', 'ann');
  await b.presence.join('room', 'ann');
  await b.presence.join('room', 'bob');
  await a.presence.leave('room', 'ann');
  t.same(b.presence.users('room'), ['ann', 'bob']);
  await b.presence.leave('room', 'ann');
  t.same(a.changes, [{ users: ['ann'], joined: ['ann'], left: [] }]);
  t.same(b.changes, [
    { users: ['ann', 'bob'], joined: ['bob'], left: [] },
    { users: ['bob'], joined: [], left: ['ann'] },
  ]);
});

t.test('users of a dead replica leave when its lease has run out, and not before', async (t) => {
  const store = new MemoryStore();
  let now = 0;
  const dead = await replica(store, 'dead', () => now);
  await dead.presence.join('room', 'ghost');
  const alive = await replica(store, 'alive', () => now);
  await alive.presence.join('room', 'ann');
  t.same(alive.presence.users('room'), ['ann', 'ghost']);
  now = LEASE_MS - 1;
  await alive.presence.refresh();
  t.same(alive.presence.users('room'), ['ann', 'ghost']);
  now = LEASE_MS;
  await alive.leases.renew();
  await alive.presence.refresh();
  t.same(alive.changes.at(-1), { users: ['ann'], joined: [], left: ['ghost'] });
  await dead.leases.renew();
  await dead.presence.refresh();
  t.same(dead.changes.at(-1), { users: ['ann', 'ghost'], joined: ['ghost'], left: [] }, 'it was only slow');
});

t.test('a released lease is dead from the next renewal of the others', async (t) => {
  const store = new MemoryStore();
  const a = await replica(store, 'a', () => 0);
  const b = await replica(store, 'b', () => 0);
  await a.presence.join('room', 'ann');
  await a.leases.release();
  await b.leases.renew();
  await b.presence.join('room', 'bob');
  t.same(b.presence.users('room'), ['bob']);
});

t.test('many who join and leave at once leave nothing behind', async (t) => {
  const store = new MemoryStore();
  const replicas = [await replica(store, 'a', () => 0), await replica(store, 'b', () => 0)];
  await Promise.all(
    replicas.flatMap(({ presence }, index) =>
      Array.from({ length: 20 }, async (_, n) => {
        const user = `user${index}-${n}`;
        await presence.join('room', user);
        await presence.leave('room', user);
      }),
    ),
  );
  const roll = await store.map('test-presence').get('room');
  t.equal(Buffer.from(roll?.value ?? []).toString(), '{}');
  const changes = replicas.flatMap(({ changes }) => changes);
  t.equal(changes.flatMap((change) => change.joined).length, 40, 'each joining told once');
  t.equal(changes.flatMap((change) => change.left).length, 40, 'each leaving told once');
});

t.test('a heartbeat begins once, tries again after a failure, and releases its lease', async (t) => {
  const store = new MemoryStore();
  let broken = true;
  const leases = new Leases(store, 'a', () => {
    if (broken) throw new Error('no clock');
    return 0;
  });
  const heartbeat = new Heartbeat(leases, log);
  await t.rejects(heartbeat.start(), /no clock/);
  broken = false;
  await Promise.all([heartbeat.start(), heartbeat.start()]);
  const held = await store.map('presence-leases').get('all');
  t.equal(Buffer.from(held?.value ?? []).toString(), JSON.stringify({ a: LEASE_MS }));
  t.equal(held?.revision, 1);
  await heartbeat.close();
  const released = await store.map('presence-leases').get('all');
  t.equal(Buffer.from(released?.value ?? []).toString(), '{}');
});
