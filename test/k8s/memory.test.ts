import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { GATEWAY_COMMAND, readSettings } from '../../bin/options/index.js';
import { TrustedProxies } from '../../gateway/index.js';
import { builds, containerOf } from './overlays.js';
import { startOf } from './start.js';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const { podBytes, podLimitMiB, SMALL } = (await import(path('../soak/bounds/rows.mjs'))) as {
  podBytes(settings: {
    connections: number;
    places: number;
    exchanges: number;
    unfinishedBytes: number;
    messageBytes: number;
  }): number;
  podLimitMiB(podBytes: number): number;
  SMALL: number;
};

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;
const bounds = readFileSync(path('../../docs/bounds.md'), 'utf8');

const gatewayEnv = (): readonly { readonly name: string; readonly value: string }[] =>
  containerOf(builds().base, 'gateway').env;

/** What a gateway needs that is started with these variables and this line; without a size its messages are as large as it takes them. */
async function needOf(
  environment: NodeJS.ProcessEnv,
  messageBytes?: number,
  line: readonly string[] = [],
): Promise<number> {
  const { values } = await readSettings(GATEWAY_COMMAND, line, environment);
  return podBytes({
    connections: values.upstreamConnections,
    places: values.upstreamConnections * values.upstreamStreams,
    exchanges: values.exchanges,
    unfinishedBytes: values.unfinishedBytes,
    messageBytes: messageBytes ?? values.maxMessageBytes,
  });
}

t.test(
  'the memory limit of every pod is what the formula of docs/bounds.md gives for its settings',
  async (t) => {
    for (const [name, resources] of Object.entries(builds())) {
      const { line, environment } = startOf(t, resources);
      const need = await needOf(environment, undefined, line);
      const limit = podLimitMiB(need);
      const { limits } = containerOf(resources, 'gateway').resources;
      t.equal(limits.memory, `${limit}Mi`, name);
      t.ok(limit * MIB > need, 'more than its clients can make it hold');
      const row = `${(need / GIB).toFixed(1)} GiB, so a limit of ${limit} MiB |`;
      t.ok(bounds.includes(row), `docs/bounds.md has a row with: ${row}`);
    }
  },
);

t.test('docs/kubernetes.md says what the pod needs at the worst, and what a place more costs', async (t) => {
  const { line } = startOf(t, builds().production);
  const { values } = await readSettings(GATEWAY_COMMAND, line, {});
  const needed = (places: number, messageBytes: number) =>
    podBytes({
      connections: values.upstreamConnections,
      places,
      exchanges: values.exchanges,
      unfinishedBytes: values.unfinishedBytes,
      messageBytes,
    });
  const places = values.upstreamConnections * values.upstreamStreams;
  const worst = needed(places, values.maxMessageBytes);
  const text = readFileSync(path('../../docs/kubernetes.md'), 'utf8');
  t.match(text, `${(worst / GIB).toFixed(1)} GiB at the worst, so ${podLimitMiB(worst)} MiB`);
  const [large, small] = [values.maxMessageBytes, SMALL].map((bytes) =>
    ((needed(places + 1, bytes) - needed(places, bytes)) / MIB).toFixed(1),
  );
  t.match(text, `costs up to ${large} MiB with messages of 1.06 MiB, and ${small} MiB with small ones`);
});

t.test('the bounds say what the defaults need', async (t) => {
  const need = await needOf({}, SMALL);
  t.match(bounds, `| the defaults, messages of a hundred bytes | ${(need / GIB).toFixed(1)} GiB |`);
});

t.test(
  'the manifest names the proxies by addresses that the gateway takes, and no public ones',
  async (t) => {
    const entries = gatewayEnv().find(({ name }) => name === 'SLUICE_TRUSTED_PROXIES')?.value ?? '';
    const { line } = startOf(t, builds().production);
    const { values } = await readSettings(GATEWAY_COMMAND, line, {});
    t.same(values.trustedProxies, entries.split(','), 'the file of the overlays names the same');
    const trusted = new TrustedProxies(entries.split(','));
    for (const address of ['10.1.2.3', '192.168.0.1', 'fd12::1']) t.ok(trusted.has(address), address);
    for (const address of ['203.0.113.1', '8.8.8.8', '2001:db8::1', '172.32.0.1'])
      t.notOk(trusted.has(address), address);
  },
);
