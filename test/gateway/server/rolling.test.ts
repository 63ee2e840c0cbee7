import { readFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { EventSource } from 'eventsource';
import { pino } from 'pino';
import t, { type Test } from 'tap';
import { WebSocket } from 'ws';
import { createClient } from '../../../clients/browser/index.js';
import { type Gateway, openGateway } from '../../../gateway/index.js';
import { openCore } from '../../../grpc-core/index.js';
import { UNHURRIED } from '../../support/foreign.js';
import { until } from '../../support/http.js';
import { unaryWith } from '../../support/keep-alive.js';
import { ownPort } from '../../support/own-port.js';
import { type ProxyName, proxyMissing, startHaproxy, startNginx } from '../../support/proxies.js';

/*
 * Two gateways behind a real proxy are rolled in turn under load. The proxies' configurations are those of docs/proxies.md, word for
 * word but for the ports.
 */

const log = pino({ level: 'silent' });
const service = 'streaming.StreamingService';
const pages = readFileSync(new URL('../../../docs/proxies.md', import.meta.url), 'utf8');

/** The recipe of a proxy with the ports of this test in place of those of the page. */
function recipe(name: ProxyName, ports: ReadonlyMap<number, number>): string {
  const text = new RegExp(`\`\`\`${name}\\n(.*?)\`\`\``, 's').exec(pages)?.[1];
  if (text === undefined) throw new Error(`docs/proxies.md has no recipe for ${name}`);
  return text
    .replaceAll(/\b(808[012]|909[12])\b/g, (port) => String(ports.get(Number(port))))
    .replace(/^( *listen )(\d+);/m, '$1127.0.0.1:$2;')
    .replace(/^( *bind ):/m, '$1127.0.0.1:');
}

/** A gateway on ports of its own, which comes back on the same. */
class Replica {
  readonly port: number;
  readonly adminPort: number;
  readonly #upstream: string;
  #gateway: Gateway | undefined;

  private constructor(upstream: string, port: number, adminPort: number) {
    this.#upstream = upstream;
    this.port = port;
    this.adminPort = adminPort;
  }

  static async start(t: Test, upstream: string): Promise<Replica> {
    const port = await ownPort();
    // The first is taken before the second is looked for.
    const holder = new Replica(upstream, port, 0);
    await holder.open(0);
    const adminPort = await ownPort();
    await holder.close();
    const replica = new Replica(upstream, port, adminPort);
    await replica.open(adminPort);
    t.teardown(() => replica.close());
    return replica;
  }

  async open(adminPort = this.adminPort): Promise<void> {
    this.#gateway = await openGateway({
      upstream: this.#upstream,
      listen: `127.0.0.1:${this.port}`,
      adminListen: `127.0.0.1:${adminPort}`,
      trustedProxies: ['127.0.0.1'],
      graceMs: 4_000,
      limits: { ...UNHURRIED, retryMs: 200 },
      log,
    });
  }

  /** It has something to do. */
  get isBusy(): boolean {
    return (this.#gateway?.openExchanges ?? 0) > 0;
  }

  async close(): Promise<void> {
    await this.#gateway?.close();
  }
}

/** What is not one more than the number before it. */
function breaks(ids: readonly number[]): string[] {
  return ids.flatMap((id, at) =>
    at === 0 || id === (ids[at - 1] as number) + 1 ? [] : [`${ids[at - 1]}, ${id}`],
  );
}

const PROXIES = {
  nginx: startNginx,
  haproxy: startHaproxy,
} as const satisfies Record<ProxyName, unknown>;

for (const [name, start] of Object.entries(PROXIES) as [ProxyName, typeof startNginx][]) {
  t.test(
    `two gateways behind ${name} are rolled: nothing lost, nothing doubled, no failed call`,
    {
      skip: proxyMissing(name),
    },
    async (t) => {
      const core = await openCore({
        listen: '127.0.0.1:0',
        dataDir: t.testdir(),
        dataIntervalMs: 10,
        graceMs: 100,
        log,
      });
      t.teardown(() => core.close());
      const one = await Replica.start(t, core.address);
      const two = await Replica.start(t, core.address);
      const ports = (port: number) =>
        new Map([
          [8080, port],
          [8081, one.port],
          [8082, two.port],
          [9091, one.adminPort],
          [9092, two.adminPort],
        ]);
      const proxy = await start(t, (port) => recipe(name, ports(port)));

      let over = false;
      const sourceIds: number[][] = [[], [], []];
      const sources = sourceIds.map((ids) => {
        const source = new EventSource(`${proxy.url}/v1/data?start_from_id=1`);
        source.addEventListener('message', ({ lastEventId }) => ids.push(Number(lastEventId)));
        return source;
      });
      t.teardown(() => {
        for (const source of sources) source.close();
      });

      const sessionIds: number[][] = [[], []];
      const sessions = sessionIds.map(async (ids) => {
        const client = createClient({ baseUrl: proxy.url, WebSocket });
        t.teardown(() => client.close());
        const call = client.call<{ id: number }>(`${service}/GetDataStream`, { request: { startFromId: 1 } });
        for await (const { id } of call.messages) {
          ids.push(id);
          if (over) break;
        }
      });

      const agent = new Agent({ keepAlive: true });
      t.teardown(() => agent.destroy());
      const failures: string[] = [];
      let calls = 0;
      const workers = Array.from({ length: 4 }, async () => {
        while (!over) {
          const url = `${proxy.url}/${service}/GetStockQuote`;
          const problem = await unaryWith(agent, url, '{"symbol":"AAPL"}');
          calls += 1;
          if (problem !== undefined) failures.push(problem);
          await delay(5);
        }
      });

      const moving = async () => {
        const [ids, before] = [[...sourceIds, ...sessionIds], calls];
        const lengths = ids.map(({ length }) => length);
        await until(
          t,
          'everything to move on',
          () => ids.every(({ length }, at) => length > (lengths[at] as number) + 20) && calls > before + 20,
        );
      };
      await moving();
      for (const replica of [one, two, one]) {
        await replica.close();
        await replica.open();
        await until(t, 'the proxy to use it again', () => replica.isBusy);
        await moving();
      }
      over = true;
      await Promise.all([...workers, ...sessions]);
      for (const source of sources) source.close();
      t.same(failures, [], `${calls} unary calls`);
      for (const ids of sourceIds) t.same(breaks(ids), [], `EventSource: ${ids.length} messages`);
      for (const ids of sessionIds) t.same(breaks(ids), [], `session: ${ids.length} messages`);
      t.comment(`${calls} calls, ${[...sourceIds, ...sessionIds].map(({ length }) => length)} messages`);
    },
  );
}
