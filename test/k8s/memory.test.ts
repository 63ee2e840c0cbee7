import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { parseAllDocuments } from 'yaml';
import { GATEWAY_FLAGS } from '../../bin/commands.js';
import { parseFlags } from '../../bin/flags.js';
import { TrustedProxies } from '../../gateway/index.js';
import { DEFAULT_LIMITS } from '../../gateway/surfaces/index.js';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const { podBytes, SMALL } = (await import(path('../soak/bounds/rows.mjs'))) as {
  podBytes(settings: {
    places: number;
    exchanges: number;
    unfinishedBytes: number;
    messageBytes: number;
  }): number;
  SMALL: number;
};

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

/** What a gateway needs that is started with these variables, and whose messages are so large. */
function needOf(environment: Record<string, string>, messageBytes: number): number {
  const flags = parseFlags(GATEWAY_FLAGS, [], environment);
  return podBytes({
    places: Number(flags['upstream-connections']) * Number(flags['upstream-streams']),
    exchanges: flags.exchanges ?? DEFAULT_LIMITS.exchanges,
    unfinishedBytes: flags['unfinished-bytes'] ?? DEFAULT_LIMITS.unfinishedBytes,
    messageBytes,
  });
}

t.test('a pod has more memory than its clients can make it hold', async (t) => {
  const { env, resources } = gatewayContainer();
  const environment = Object.fromEntries(env.map(({ name, value }) => [name, value]));
  const flags = parseFlags(GATEWAY_FLAGS, [], environment);
  const need = needOf(environment, Number(flags['max-message-bytes']));
  const [, number, unit] = /^(\d+)(Mi|Gi)$/.exec(resources.limits.memory) ?? [];
  const limit = Number(number) * (unit === 'Gi' ? GIB : GIB / 1024);
  // A tenth at least for what the kernel counts as ours.
  t.ok(limit > 1.1 * need, `${limit / GIB} GiB for ${need / GIB}`);
  t.match(bounds, `${(need / GIB).toFixed(1)} GiB, of ${limit / GIB} GiB`);
});

t.test('the bounds say what the defaults need', async (t) => {
  const need = needOf({}, SMALL);
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
