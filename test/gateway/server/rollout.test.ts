import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { openBalancer } from '../../support/balancer.js';
import { NO_NATS, openNats } from '../../support/nats-server.js';
import { ownPort } from '../../support/own-port.js';
import { type Running, sluice } from '../../support/process.js';
import { openRollingReaders, type RollingReader } from '../../support/rolling-readers.js';
import { openTicking, TICKING_PROTO } from '../../support/ticking.js';

/*
 * Two gateways, as processes, behind a TCP balancer that knows nothing of health. Both are rolled in turn, by SIGTERM, under live streams of all surfaces.
 */

/** 200 in `npm test`, 1,000 in `npm run soak`. */
const STREAMS = Number(process.env.SLUICE_ROLLED_STREAMS ?? 200);
const GRACE_MS = 10_000;
const PROTO = fileURLToPath(new URL('../../../proto', import.meta.url));

t.setTimeout(400_000);

class Pod {
  readonly #t: Test;
  readonly #line: readonly string[];
  #running: Running | undefined;

  constructor(t: Test, line: readonly string[]) {
    this.#t = t;
    this.#line = line;
  }

  async start(): Promise<void> {
    this.#running = sluice(this.#t, ['gateway', ...this.#line]);
    await this.#running.line('gateway listening');
  }

  /** As Kubernetes rolls it; how many exchanges were cut at the end of the grace. */
  async stop(): Promise<number> {
    const running = this.#running as Running;
    running.child.kill('SIGTERM');
    const { unfinished } = await running.line('gateway drained');
    this.#t.equal(await running.exit, 0);
    return Number(unfinished);
  }
}

t.test(
  `two gateways are rolled under ${STREAMS} streams: nothing lost, nothing twice`,
  { skip: NO_NATS, timeout: 380_000 },
  async (t) => {
    const nats = await openNats(t);
    const service = await openTicking(t, STREAMS > 500 ? 500 : 250);
    const folder = join(t.testdirName, 'proto');
    mkdirSync(folder, { recursive: true });
    const proto = join(folder, 't.proto');
    writeFileSync(proto, TICKING_PROTO);
    const ports: number[] = [];
    const pods: Pod[] = [];
    for (let at = 0; at < 2; at += 1) {
      const port = await ownPort();
      ports.push(port);
      const line = [
        ...['--upstream', service.target, '--proto', proto, '--proto-path', folder, '--proto-path', PROTO],
        ...['--listen', `127.0.0.1:${port}`, '--admin-listen', '127.0.0.1:0'],
        ...['--journal', `nats://${nats.address}`, '--grace-ms', String(GRACE_MS)],
        // All clients come from one address, of a machine that may be late.
        ...[
          '--exchanges-per-address',
          '0',
          '--exchanges-per-principal',
          '0',
          '--connections-per-address',
          '0',
        ],
        ...[
          '--calls-per-second',
          '0',
          '--event-loop-delay-ms',
          '0',
          '--log-level',
          'info',
          '--log-calls',
          'off',
        ],
      ];
      const pod = new Pod(t, line);
      await pod.start();
      pods.push(pod);
    }
    const { address, accepted } = await openBalancer(t, ports);
    const shared = Math.floor(STREAMS / 4);
    const readers = [
      ...openRollingReaders({ address, method: 'Own' }, STREAMS - shared),
      ...openRollingReaders({ address, method: 'Shared' }, shared),
    ];
    t.teardown(() => {
      for (const reader of readers) reader.stop();
    });
    const faulty = () => readers.filter(({ faults }) => faults.length > 0);
    /** All have come as far as the service is now, and a bit. */
    const moving = async (what: string) => {
      const goal = service.newest + 4;
      const behind = () => readers.filter(({ last }) => last < goal);
      const end = performance.now() + 120_000;
      while (faulty().length === 0 && behind().length > 0 && performance.now() < end)
        await new Promise((resolve) => setTimeout(resolve, 50));
      t.same(tally(behind()), {}, what);
    };
    await moving('all streams to begin');
    const callsOfShared = service.calls('Shared');
    for (const [at, pod] of pods.entries()) {
      await accepted();
      t.equal(await pod.stop(), 0, `gateway ${at}: nothing had to be cut`);
      await pod.start();
      await moving(`all streams to go on without gateway ${at}`);
      const times = await accepted();
      t.comment(`${times.length} connections, most in 100 ms: ${most(times)}`);
    }
    const wrong = faulty().slice(0, 5);
    t.same(
      wrong.map(({ kind, faults }) => ({ kind, faults })),
      [],
      'each number once, and in order',
    );
    t.equal(readers.filter(({ last }) => last >= 10).length, STREAMS);
    // Nobody's number is everybody's.
    const waits = readers.flatMap(({ waits }) => waits);
    t.ok(waits.length >= STREAMS / 8, `${waits.length} were told how long to wait`);
    t.ok(most(waits) <= Math.max(12, waits.length / 5), `most in 100 ms: ${most(waits)} of ${waits.length}`);
    // Two requests that differ by a field that says its default; and clients of gRPC say in the request itself where they go on.
    const own = readers.filter(({ kind }, at) => at >= STREAMS - shared && kind === 'grpc').length;
    t.ok(service.calls('Shared') <= callsOfShared + 8 + own * 4, 'who shared a call shares it again');
    t.comment(
      `calls of Shared: ${callsOfShared} before, ${service.calls('Shared')} after both; waits ${waits.length}`,
    );
  },
);

/** How many of each kind. */
function tally(readers: readonly RollingReader[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { kind } of readers) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

/** How many of these times are in the same 100 milliseconds, at most. */
function most(times: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const time of times) {
    const bucket = Math.floor(time / 100);
    counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
  }
  return Math.max(0, ...counts.values());
}
