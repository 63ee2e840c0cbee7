import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Server, ServerCredentials, type ServerWritableStream } from '@grpc/grpc-js';
import type { Test } from 'tap';
import { NatsLink } from '../../../gateway/recording/replica/index.js';
import { openNats } from '../../support/nats-server.js';
import { askIn, itemOf, NUMBERED_PROTO } from '../../support/numbered.js';
import { ownPort } from '../../support/own-port.js';
import { type Running, sluice } from '../../support/process.js';
import { openTcpProxy } from '../../support/tcp-proxy.js';

// Gateways as processes, NATS, the service, and the network between, all of which a test kills, stops and cuts.

/** With hundreds of readers the test is what has most to do. */
const MESSAGE_MS = Number(process.env.SLUICE_KILL_MESSAGE_MS ?? 10);

const AS_IS = { requestSerialize: (bytes: Buffer) => bytes, requestDeserialize: (bytes: Buffer) => bytes };
const method = (name: string) => ({
  path: `/t.S/${name}`,
  requestStream: false,
  responseStream: true,
  ...AS_IS,
  responseSerialize: (bytes: Buffer) => bytes,
  responseDeserialize: (bytes: Buffer) => bytes,
});
const DEFINITION = { Numbers: method('Numbers'), Uncounted: method('Uncounted') };

/** A service that counts on for everybody, from where it is asked to, until it is told the last number. */
export interface Counter {
  readonly target: string;
  calls: number;
  last: number;
  /** After which number each call was to go on, the first one first. */
  readonly asked: number[];
  /** Breaks its connections, and takes none. */
  kill(): void;
  start(): Promise<void>;
}

async function openCounter(t: Test): Promise<Counter> {
  const port = await ownPort();
  let server: Server | undefined;
  const count = (stream: ServerWritableStream<Buffer, Buffer>) => {
    counter.calls += 1;
    let id = askIn(stream.request).after;
    counter.asked.push(id);
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
  };
  const counter: Counter = {
    target: `127.0.0.1:${port}`,
    calls: 0,
    last: Number.POSITIVE_INFINITY,
    asked: [],
    kill: () => {
      server?.forceShutdown();
      server = undefined;
    },
    start: async () => {
      const started = new Server();
      server = started;
      started.addService(DEFINITION, { Numbers: count, Uncounted: count });
      await new Promise<void>((resolve, reject) => {
        started.bindAsync(counter.target, ServerCredentials.createInsecure(), (error) =>
          error === null ? resolve() : reject(error),
        );
      });
    },
  };
  await counter.start();
  t.teardown(() => counter.kill());
  return counter;
}

/** A gateway as a process, which can be started again. */
export interface Replica {
  running: Running;
  url: string;
  start(): Promise<void>;
}

/** Everything that may break. */
export async function openReplicas(t: Test, gateways: number) {
  const nats = await openNats(t);
  const proxies = await Promise.all(Array.from({ length: gateways }, () => openTcpProxy(t, nats.address)));
  return {
    nats,
    proxies,
    ...(await openGateways(
      t,
      proxies.map(({ address }) => address),
    )),
  };
}

/** A gateway for each of these addresses of NATS, and the service. */
export async function openGateways(t: Test, journals: readonly string[], ...more: string[]) {
  const counter = await openCounter(t);
  const directory = mkdtempSync(join(tmpdir(), 'sluice-replicas-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const proto = join(directory, 'numbered.proto');
  const config = join(directory, 'gateway.json');
  const imports =
    'syntax = "proto3"; package t; import "google/api/annotations.proto"; import "sluice/v1/options.proto";';
  writeFileSync(proto, imports + NUMBERED_PROTO);
  const recording = { sharing: 'everyone', start: 'beginning', maxMessages: 100_000 };
  writeFileSync(config, JSON.stringify({ methods: { 't.S/*': { recording } } }));
  const replicas = await Promise.all(
    journals.map(async (address) => {
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
          args.push(
            '--journal',
            `nats://${address}`,
            '--calls-per-second',
            '0',
            '--exchanges-per-address',
            '0',
            '--connections-per-address',
            '0',
            '--log-format',
            'json',
            ...more,
          );
          replica.running = sluice(t, args);
          const line = await replica.running.line('gateway listening').catch(() => undefined);
          if (line !== undefined) replica.url = String(line.url);
        },
      };
      await replica.start();
      return replica;
    }),
  );
  return { counter, replicas };
}

/** A reader as `EventSource` is one: it comes back with the last id, to any gateway. */
export class Follower {
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
        // An `EventSource` never comes back after one.
        const { statusCode = 0 } = response;
        if (statusCode !== 200) this.problem ??= `${statusCode} after ${this.last}`;
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

export type Replicated = Awaited<ReturnType<typeof openGateways>>;

export function readers(all: Replicated, count: number): { followers: Follower[]; done: Promise<unknown> } {
  const followers = Array.from({ length: count }, (_, index) => new Follower(all.replicas, index));
  return { followers, done: Promise.all(followers.map((each) => each.follow())) };
}

/** Every reader has read so far. */
export async function allAt(followers: readonly Follower[], number: number): Promise<void> {
  while (followers.some(({ last, problem }) => last < number && problem === undefined)) await delay(20);
}

export function newest(followers: readonly Follower[]): number {
  return Math.max(...followers.map(({ last }) => last));
}

/** All is well again, and comes to its end: every reader has had every number. */
export async function finish(
  t: Test,
  all: Replicated,
  { followers, done }: ReturnType<typeof readers>,
): Promise<void> {
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
export async function journalsOf(
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
