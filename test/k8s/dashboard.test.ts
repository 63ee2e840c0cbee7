import { readFileSync } from 'node:fs';
import t from 'tap';
import { GATEWAY_COMMAND, readSettings } from '../../bin/options/index.js';
import { sluice } from '../support/process.js';
import { builds, one } from './overlays.js';
import type { Manifest } from './resource.js';
import { startOf } from './start.js';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const dashboard = JSON.parse(read('k8s/components/monitoring/dashboard.json')) as Manifest;
const configuration = read('docs/configuration.md');

const panels: readonly Manifest[] = dashboard.panels.filter(({ type }: Manifest) => type !== 'row');
const alerts: readonly Manifest[] = one(builds().production, 'PrometheusRule', 'gateway').spec.groups.flatMap(
  ({ rules }: Manifest) => rules,
);
const queries: readonly string[] = [
  ...alerts.map(({ expr }) => expr),
  ...panels.flatMap(({ targets }) => targets.map(({ expr }: Manifest) => expr)),
  ...dashboard.templating.list.flatMap(({ definition = [] }: Manifest) => definition),
];

/** Labels that Prometheus adds to what it scrapes, and that of a histogram. */
const ADDED = ['namespace', 'pod', 'le'];
/** Words of PromQL and of Grafana that are no metric. */
const WORDS =
  /\b(?:sum|max|and|rate|increase|topk|by|histogram_quantile|label_values|\d+[smh]|\d+(?:\.\d+)?)\b|\$\w+/g;

interface Query {
  readonly metrics: readonly string[];
  readonly labels: readonly string[];
}

/** The metrics of a query, and the labels that it goes by. */
function partsOf(expression: string): Query {
  const labels: string[] = [];
  const rest = expression
    .replace(/\{([^}]*)\}/g, (_, matchers: string) => {
      for (const [, label = ''] of matchers.matchAll(/(\w+)\s*=~?\s*"[^"]*"/g)) labels.push(label);
      return ' ';
    })
    .replace(/\bby \(([^)]*)\)/g, (_, names: string) => {
      labels.push(...names.split(',').map((name) => name.trim()));
      return ' ';
    })
    .replace(/(label_values\([^,]*), (\w+)\)/, (_, before: string, label: string) => {
      labels.push(label);
      return `${before})`;
    });
  return { metrics: rest.replace(WORDS, ' ').match(/[a-z_][\w:]*/gi) ?? [], labels };
}

t.test(
  'every metric of the dashboard and of the alerts is one that a running gateway has, with its labels',
  async (t) => {
    const running = sluice(
      t,
      ['start', '--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0', '--data-dir', t.testdir()],
      {
        SLUICE_CORE_LISTEN: '127.0.0.1:0',
      },
    );
    const { url, adminUrl } = (await running.line('gateway listening')) as Record<string, string>;
    await fetch(`${url}/no/such/path`);
    const answer = await fetch(`${url}/v1/stocks/AAPL`);
    t.equal(answer.status, 200, await answer.text());
    const text = await (await fetch(`${adminUrl}/metrics`)).text();
    const labelsOf = new Map<string, Set<string>>();
    for (const [, name = '', labels = ''] of text.matchAll(/^([a-z_]\w*)(?:\{([^}]*)\})? /gm)) {
      const known = labelsOf.get(name) ?? new Set();
      labelsOf.set(name, known);
      for (const [, label = ''] of labels.matchAll(/(\w+)="/g)) known.add(label);
    }
    for (const [, name] of text.matchAll(/^# TYPE (\w+) histogram$/gm)) {
      // Some have no series before the first observation.
      for (const end of ['_bucket', '_sum', '_count'])
        labelsOf.set(`${name}${end}`, labelsOf.get(`${name}${end}`) ?? new Set());
    }
    // What has a series only once it has happened is documented; so its labels are those of the document.
    for (const [, name = '', labels = ''] of configuration.matchAll(/^\| `(sluice_\w+)` \| ([^|]*) \|/gm)) {
      if (!text.includes(`# TYPE ${name} `)) continue;
      const known = labelsOf.get(name) ?? new Set();
      labelsOf.set(name, known);
      for (const [, label = ''] of labels.matchAll(/`(\w+)`/g)) known.add(label);
    }
    t.ok(queries.length > 20);
    for (const query of queries) {
      const { metrics, labels } = partsOf(query);
      t.not(metrics.length, 0, query);
      for (const metric of metrics) {
        const known = labelsOf.get(metric);
        if (known === undefined) {
          t.fail(`${metric} is no metric: ${query}`);
          continue;
        }
        for (const label of labels)
          if (!ADDED.includes(label) && !known.has(label))
            t.fail(`${metric} has no label ${label}: ${query}`);
      }
    }
    const { metric } = one(builds().production, 'HorizontalPodAutoscaler', 'gateway').spec.metrics[0].pods;
    t.match(text, `# TYPE ${metric.name} gauge`, 'and the autoscaler goes by one of them');
    running.child.kill('SIGTERM');
    t.equal(await running.exit, 0);
  },
);

t.test('the parts of a query are found', (t) => {
  t.same(partsOf('sum by (a, b) (rate(x_total{c="d", e=~"f|g"}[$__rate_interval])) / max(y)'), {
    metrics: ['x_total', 'y'],
    labels: ['c', 'e', 'a', 'b'],
  });
  t.same(partsOf('histogram_quantile(0.99, sum by (le) (rate(z_bucket{p=~"$pod"}[5m])))').metrics, [
    'z_bucket',
  ]);
  t.end();
});

t.test('each alert has a name of its own, waits, and says what to look at', async (t) => {
  t.equal(new Set(alerts.map(({ alert }) => alert)).size, alerts.length);
  for (const { alert, for: wait, labels, annotations } of alerts) {
    t.match(wait, /^\d+m$/, alert);
    t.match(labels.severity, /^(?:warning|critical)$/);
    t.ok(annotations.summary && annotations.description, alert);
  }
  const { values } = await readSettings(GATEWAY_COMMAND, startOf(t, builds().production).line, {});
  const places = values.upstreamConnections * values.upstreamStreams;
  const { expr } = alerts.find(({ alert }) => alert === 'SluicePlacesRunOut');
  const { target } = one(builds().production, 'HorizontalPodAutoscaler', 'gateway').spec.metrics[0].pods;
  const threshold = Number(/> (\d+)$/.exec(expr)?.[1]);
  t.ok(threshold < places && threshold > Number(target.averageValue), 'after the autoscaler, before the end');
});

t.test('the dashboard is one that Grafana takes: ids once, panels side by side, each with a query', (t) => {
  const ids = dashboard.panels.map(({ id }: Manifest) => id);
  t.equal(new Set(ids).size, ids.length);
  const taken = new Set<string>();
  for (const { title, gridPos, targets, datasource } of panels) {
    t.ok(targets.length > 0, title);
    t.match(datasource.uid, /^\$\{datasource\}$/);
    t.ok(gridPos.x + gridPos.w <= 24, title);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
        if (taken.has(`${x} ${y}`)) t.fail(`${title} lies on another`);
        taken.add(`${x} ${y}`);
      }
    }
  }
  const map = one(builds().production, 'ConfigMap', 'sluice-dashboard');
  t.same(JSON.parse(map.data['sluice.json']), dashboard);
  t.equal(map.metadata.labels?.grafana_dashboard, '1');
  t.end();
});
