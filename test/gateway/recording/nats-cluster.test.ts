import { setTimeout as delay } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import t from 'tap';
import { NatsLink } from '../../../gateway/recording/replica/index.js';
import { type NatsServer, NO_NATS, openNatsCluster } from '../../support/nats-server.js';
import { allAt, finish, newest, openGateways, type Replica, readers } from './killed-replicas.js';

// Three servers of NATS, of which one is killed at a time, under readers that come back: each sees every number once.

t.setTimeout(200_000);

const READERS = 30;

/** Who leads the stream of journals and the bucket, and how many copies there are. */
async function leadersOf(servers: readonly NatsServer[]): Promise<{ name: string; copies: number }[]> {
  const connection = await connect({ servers: servers.map(({ address }) => address) });
  try {
    const manager = await jetstreamManager(connection);
    const infos = await Promise.all(
      ['SLUICE_JOURNAL', 'KV_sluice_recordings'].map((name) => manager.streams.info(name)),
    );
    return infos.map(({ cluster, config }) => ({ name: cluster?.leader ?? '', copies: config.num_replicas }));
  } finally {
    await connection.close();
  }
}

/** The cluster has agreed on who leads it. */
async function ready(addresses: readonly string[]): Promise<void> {
  for (;;) {
    const link = await NatsLink.open(addresses, {}, addresses.length).catch(() => undefined);
    if (link !== undefined) return await link.close();
    await delay(200);
  }
}

t.test('three servers: whichever is killed, nothing is lost and all go on', { skip: NO_NATS }, async (t) => {
  const servers = await openNatsCluster(t, 3);
  const addresses = servers.map(({ address }) => address);
  await ready(addresses);
  const journal = addresses.join(',');
  const all = await openGateways(t, [journal, journal], '--journal-replicas', '3');
  const crowd = readers(all, READERS);
  await allAt(crowd.followers, 20);
  t.same(
    (await leadersOf(servers)).map(({ copies }) => copies),
    [3, 3],
  );
  const killed: string[] = [];
  for (const at of [0, 1, 0]) {
    const name = (await leadersOf(servers))[at]?.name ?? '';
    const server = servers[Number(name.slice(1)) - 1] as NatsServer;
    killed.push(name);
    const seen = newest(crowd.followers);
    const begun = performance.now();
    await server.kill();
    await allAt(crowd.followers, seen + 30);
    t.comment(`${name} is killed: all have 30 more after ${Math.round(performance.now() - begun)} ms`);
    // One that comes while a server is away.
    const [, last] = all.replicas as [Replica, Replica];
    const late = readers({ ...all, replicas: [last] }, 1);
    await allAt(late.followers, seen + 30);
    crowd.followers.push(...late.followers);
    crowd.done = Promise.all([crowd.done, late.done]);
    await server.start();
    await delay(1_000);
  }
  t.comment(`killed: ${killed.join(', ')}`);
  await finish(t, all, crowd);
});

t.test('one server alone cannot keep three copies, which stops the start', { skip: NO_NATS }, async (t) => {
  const [server] = (await openNatsCluster(t, 1)) as [NatsServer];
  await t.rejects(NatsLink.open([server.address], {}, 3), {
    message: /^journal: .* has no JetStream for us: /,
  });
});
