import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { parseAllDocuments } from 'yaml';
import { GATEWAY_COMMAND, readSettings } from '../../bin/options/index.js';
import { TrustedProxies } from '../../gateway/index.js';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const { podBytes, podLimitMiB, SMALL } = (await import(path('../soak/bounds/rows.mjs'))) as {
  podBytes(settings: {
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

interface Container {
  readonly name: string;
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly resources: { readonly limits: { readonly memory: string } };
}

function gatewayContainer(): Container {
  const text = readFileSync(path('../../k8s/base/gateway.yaml'), 'utf8');
  for (const document of parseAllDocuments(text)) {
    const { kind, spec } = document.toJS();
    if (kind === 'Deployment') return spec.template.spec.containers[0];
  }
  throw new TypeError('no deployment');
}

/** What a gateway needs that is started with these variables; without a size its messages are as large as it takes them. */
async function needOf(environment: NodeJS.ProcessEnv, messageBytes?: number): Promise<number> {
  const { values } = await readSettings(GATEWAY_COMMAND, [], environment);
  return podBytes({
    places: values.upstreamConnections * values.upstreamStreams,
    exchanges: values.exchanges,
    unfinishedBytes: values.unfinishedBytes,
    messageBytes: messageBytes ?? values.maxMessageBytes,
  });
}

t.test(
  'the memory limit of the pod is what the formula of docs/bounds.md gives for its settings',
  async (t) => {
    const { env, resources } = gatewayContainer();
    const need = await needOf(Object.fromEntries(env.map(({ name, value }) => [name, value])));
    const limit = podLimitMiB(need);
    t.equal(resources.limits.memory, `${limit}Mi`, 'k8s/base/gateway.yaml');
    t.ok(limit * MIB > need, 'more than its clients can make it hold');
    const row = `${(need / GIB).toFixed(1)} GiB, so a limit of ${limit} MiB |`;
    t.ok(bounds.includes(row), `docs/bounds.md has a row with: ${row}`);
  },
);

t.test('the bounds say what the defaults need', async (t) => {
  const need = await needOf({}, SMALL);
  t.match(bounds, `| the defaults, messages of a hundred bytes | ${(need / GIB).toFixed(1)} GiB |`);
});

t.test(
  'the manifest names the proxies by addresses that the gateway takes, and no public ones',
  async (t) => {
    const entries = gatewayContainer().env.find(({ name }) => name === 'SLUICE_TRUSTED_PROXIES')?.value ?? '';
    const trusted = new TrustedProxies(entries.split(','));
    for (const address of ['10.1.2.3', '192.168.0.1', 'fd12::1']) t.ok(trusted.has(address), address);
    for (const address of ['203.0.113.1', '8.8.8.8', '2001:db8::1', '172.32.0.1'])
      t.notOk(trusted.has(address), address);
  },
);
