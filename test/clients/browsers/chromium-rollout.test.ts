import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import t from 'tap';
import { type Gateway, openGateway, schemaFromProtoFiles } from '../../../gateway/index.js';
import { openBalancer } from '../../support/balancer.js';
import { UNHURRIED } from '../../support/foreign.js';
import { closeInTeardown } from '../../support/given-back.js';
import { ownPort } from '../../support/own-port.js';
import { openTicking, TICKING_PROTO } from '../../support/ticking.js';
import { openBrowser, openTab, whyNot } from './open-browser.js';

declare const ids: number[];

t.test(
  'an EventSource of Chromium goes on while two gateways are rolled',
  { skip: whyNot('chromium'), timeout: 300_000 },
  async (t) => {
    const service = await openTicking(t, 100);
    const folder = join(t.testdir(), 'proto');
    mkdirSync(folder, { recursive: true });
    const proto = join(folder, 't.proto');
    writeFileSync(proto, TICKING_PROTO);
    const schema = await schemaFromProtoFiles(
      [proto],
      [folder, fileURLToPath(new URL('../../../proto', import.meta.url))],
    );
    const start = async (port: number): Promise<Gateway> => {
      const gateway = await openGateway({
        upstream: service.target,
        listen: `127.0.0.1:${port}`,
        adminListen: '127.0.0.1:0',
        schema,
        limits: { ...UNHURRIED, retryMs: 200 },
        log: pino({ level: 'silent' }),
      });
      closeInTeardown(t, gateway);
      return gateway;
    };
    const ports = [await ownPort()];
    const gateways = [await start(ports[0] as number)];
    ports.push(await ownPort());
    gateways.push(await start(ports[1] as number));
    const { address } = await openBalancer(t, ports);

    const browser = await openBrowser('chromium');
    t.teardown(() => browser.close());
    const page = await openTab(browser);
    await page.goto(`http://${address}/_sluice/services`);
    await page.evaluate(() => {
      const source = new EventSource('/t.S/Own');
      const seen: number[] = [];
      Object.assign(globalThis, { ids: seen });
      source.onmessage = ({ data }) => seen.push(JSON.parse(data).id);
    });
    const moving = async () => {
      const goal = service.newest + 5;
      await page.waitForFunction((least) => (ids.at(-1) ?? 0) >= least, {}, goal);
    };
    await moving();
    const calls: number[] = [];
    for (const [at, gateway] of gateways.entries()) {
      await gateway.close();
      await start(ports[at] as number);
      await moving();
      calls.push(service.calls('Own'));
    }
    const seen = await page.evaluate(() => ids);
    t.same(
      seen.filter((id, at) => id !== at + 1),
      [],
      `${seen.length} messages, each once`,
    );
    t.ok((calls.at(-1) ?? 0) >= 2, 'it has come back');
  },
);
