import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Server, ServerCredentials, type ServerWritableStream } from '@grpc/grpc-js';
import t, { type Test } from 'tap';
import { NatsLink } from '../../../gateway/recording/replica/index.js';
import { NO_NATS, openNats } from '../../support/nats-server.js';
import { askIn, itemOf, NUMBERED_PROTO } from '../../support/numbered.js';
import { type Running, sluice } from '../../support/process.js';
import { openTcpProxy } from '../../support/tcp-proxy.js';

// Gateways, NATS and the network between are killed, stopped and cut as real processes, under readers that come back: each sees every number once.

t.setTimeout(600_000);

const SECONDS = Number(process.env.SLUICE_KILL_SECONDS ?? 0);
const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
const READERS = 50;
const MESSAGE_MS = 10;

const AS_IS = { requestSerialize: (bytes: Buffer) => bytes, requestDeserialize: (bytes: Buffer) => bytes };
const DEFINITION = {
  Numbers: {
    path: '/t.S/Numbers',
    requestStream: false,
    responseStream: true,
    ...AS_IS,
    responseSerialize: (bytes: Buffer) => bytes,
    responseDeserialize: (bytes: Buffer) => bytes,
  },
};

/** A service that counts on for everybody, from where it is asked to, until it is told the last number. */
async function openCounter(t: Test) {
  const server = new Server();
  const counter = { calls: 0, last: Number.POSITIVE_INFINITY, target: '' };
  server.addService(DEFINITION, {
    Numbers: (stream: ServerWritableStream<Buffer, Buffer>) => {
      counter.calls += 1;
      let id = askIn(stream.request).after;
      const timer = setInterval(() => {
        if (id >= counter.last) {
          clearInterval(timer);
          stream.end();
          return;
        }
        id += 1;
        stream.write(itemOf(id));
      }, MESSAGE_MS);
      stream.on('cancelled', () => clearInterval(timer));
      stream.on('error', () => clearInterval(timer));
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(port) : reject(error),
    );
  });
  counter.target = `127.0.0.1:${port}`;
  t.teardown(() => server.forceShutdown());
  return counter;
}

/** A gateway as a process, which can be started again. */
interface Replica {
  running: Running;
  url: string;
  start(): Promise<void>;
}

/** Everything that may break. */
async function openAll(t: Test, gateways: number) {
  const nats = await openNats(t);
  const counter = await openCounter(t);
  const directory = t.testdir();
  const proto = join(directory, 'numbered.proto');
  const config = join(directory, 'gateway.json');
  const imports =
    'syntax = "proto3"; package t; import "google/api/annotations.proto"; import "sluice/v1/options.proto";';
  writeFileSync(proto, imports + NUMBERED_PROTO);
  const recording = { sharing: 'everyone', start: 'beginning', maxMessages: 100_000 };
  writeFileSync(config, JSON.stringify({ methods: { 't.S/Numbers': { recording } } }));
  const proxies = await Promise.all(Array.from({ length: gateways }, () => openTcpProxy(t, nats.address)));
  const replicas = await Promise.all(
    proxies.map(async ({ address }) => {
      const replica: Replica = {
        running: undefined as never,
        url: '',
        async start() {
          const args = ['gateway', '--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0'];
          args.push(
            '--upstream',
            counter.target,
            '--proto',
            proto,
            '--proto-path',
            'proto',
            '--config',
            config,
          );
          args.push('--journal', `nats://${address}`, '--calls-per-second', '0', '--log-format', 'json');
          replica.running = sluice(t, args);
          const line = await replica.running.line('gateway listening').catch(() => undefined);
          if (line !== undefined) replica.url = String(line.url);
        },
      };
      await replica.start();
      return replica;
    }),
  );
  return { nats, counter, proxies, replicas };
}

/** A reader as `EventSource` is one: it comes back with the last id, to any gateway. */
class Follower {
  last = 0;
  problem: string | undefined;
  isOver = false;
  readonly #replicas: readonly Replica[];
  #at: number;

  constructor(replicas: readonly Replica[], first: number) {
    this.#replicas = replicas;
    this.#at = first;
  }

  async follow(): Promise<void> {
    while (!this.isOver && this.problem === undefined) {
      await this.#once().catch(() => {});
      if (this.isOver) return;
      this.#at += 1;
      await delay(50);
    }
  }

  #once(): Promise<void> {
    const { url } = this.#replicas[this.#at % this.#replicas.length] as Replica;
    return new Promise((resolve, reject) => {
      const headers = {
        accept: 'text/event-stream',
        ...(this.last > 0 && { 'last-event-id': String(this.last) }),
      };
      const sent = request(`${url}/t.S/Numbers`, { headers, agent: false }, (response) => {
        let text = '';
        // Who hears nothing for so long, not even a heartbeat, does not know whether the gateway lives.
        response.setTimeout(6_000, () => response.destroy());
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
          const events = text.split('\n\n');
          text = events.pop() as string;
          for (const event of events) this.#take(event);
          if (this.isOver) response.destroy();
        });
        response.on('close', resolve);
        response.on('error', () => {});
      });
      sent.setTimeout(6_000, () => sent.destroy());
      sent.on('error', reject);
      sent.end();
    });
  }

  #take(event: string): void {
    const kind = /^event: (\w+)$/m.exec(event)?.[1];
    if (kind === 'end') this.isOver = true;
    else if (kind === 'gap') this.problem ??= `a gap after ${this.last}: ${event}`;
    else if (kind === undefined || kind === 'message') {
      const id = Number(/"id":(\d+)/.exec(event)?.[1] ?? Number.NaN);
      if (Number.isNaN(id)) return;
      if (id !== this.last + 1) this.problem ??= `${id} after ${this.last}`;
      this.last = id;
    }
  }
}

type All = Awaited<ReturnType<typeof openAll>>;

function readers(all: All, count: number): { followers: Follower[]; done: Promise<unknown> } {
  const followers = Array.from({ length: count }, (_, index) => new Follower(all.replicas, index));
  return { followers, done: Promise.all(followers.map((each) => each.follow())) };
}

/** Every reader has read so far. */
async function allAt(followers: readonly Follower[], number: number): Promise<void> {
  while (followers.some(({ last, problem }) => last < number && problem === undefined)) await delay(20);
}

function newest(followers: readonly Follower[]): number {
  return Math.max(...followers.map(({ last }) => last));
}

/** All is well again, and comes to its end: every reader has had every number. */
async function finish(t: Test, all: All, { followers, done }: ReturnType<typeof readers>): Promise<void> {
  await allAt(followers, newest(followers) + 20);
  all.counter.last = newest(followers) + 50;
  await done;
  t.same(
    followers.map(({ problem }) => problem).filter((problem) => problem !== undefined),
    [],
    'nobody misses a number, or gets one twice',
  );
  t.equal(new Set(followers.map(({ last }) => last)).size, 1, 'all have come to the same end');
}

/** What lies in the journals: messages one behind the other, whoever wrote them. */
async function journalsOf(
  address: string,
): Promise<Map<string, { kind: string; seq: number; count: number }[]>> {
  const link = await NatsLink.open([address]);
  const found = new Map<string, { kind: string; seq: number; count: number }[]>();
  try {
    for (let at = 1; ; ) {
      const piece = await link.next('*', at);
      if (piece === undefined) return found;
      at = piece.at + 1;
      const entries = found.get(piece.subject) ?? [];
      const [kind, seq, count] = ['Sluice-Kind', 'Sluice-Seq', 'Sluice-Count'].map(piece.header);
      entries.push({ kind: String(kind), seq: Number(seq), count: Number(count) });
      found.set(piece.subject, entries);
    }
  } finally {
    await link.close();
  }
}

t.test(
  'a leader is killed under fifty readers: another goes on, in the same journal',
  { skip: NO_NATS },
  async (t) => {
    const all = await openAll(t, 3);
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
    const all = await openAll(t, 2);
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
    const all = await openAll(t, 2);
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
  const all = await openAll(t, 3);
  const crowd = readers(all, READERS);
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
