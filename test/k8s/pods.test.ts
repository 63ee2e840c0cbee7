import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import t from 'tap';
import { FILE_SECTIONS, GATEWAY_COMMAND, readSettings, unknownVariables } from '../../bin/options/index.js';
import { parseConfigFile } from '../../gateway/index.js';
import { sluice } from '../support/process.js';
import { buildOverlay } from './kustomize.js';
import { builds, containerOf, FOLDERS, ofKind, one } from './overlays.js';
import type { Manifest } from './resource.js';
import { startOf } from './start.js';

const document = readFileSync(new URL('../../docs/kubernetes.md', import.meta.url), 'utf8');

for (const [name, resources] of Object.entries(builds())) {
  t.test(`${name}: pods have no rights that they do not use`, (t) => {
    for (const { spec, metadata } of ofKind(resources, 'Deployment')) {
      const { securityContext, automountServiceAccountToken, containers, serviceAccountName } =
        spec.template.spec;
      t.equal(automountServiceAccountToken, false, metadata.name);
      t.match(securityContext, { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
      for (const container of containers) {
        t.match(container.securityContext, {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
        t.equal(container.image, 'sluice:latest', 'the registry is the reader’s');
        t.ok(container.resources.limits.memory);
      }
      if (name === 'base') continue;
      t.equal(one(resources, 'ServiceAccount', serviceAccountName).automountServiceAccountToken, false);
    }
    t.end();
  });

  t.test(`${name}: what a pod mounts is there, or the document says how to make it`, (t) => {
    for (const { spec, metadata } of ofKind(resources, 'Deployment')) {
      const { volumes = [], containers } = spec.template.spec;
      for (const { volumeMounts = [] } of containers) {
        for (const mount of volumeMounts) {
          t.notOk('subPath' in mount, 'a file of a subPath is never replaced');
          const volume = volumes.find((volume: Manifest) => volume.name === mount.name);
          const { configMap, secret, persistentVolumeClaim } = volume;
          if (configMap) t.ok(one(resources, 'ConfigMap', configMap.name));
          if (persistentVolumeClaim)
            t.ok(one(resources, 'PersistentVolumeClaim', persistentVolumeClaim.claimName));
          if (secret)
            t.match(document, `kubectl create secret tls ${secret.secretName} -n ${metadata.namespace}`);
        }
      }
    }
    for (const { spec } of ofKind(resources, 'Ingress'))
      for (const { secretName } of spec.tls) t.match(document, secretName);
    for (const { spec } of ofKind(resources, 'BackendTLSPolicy')) {
      for (const { name } of spec.validation.caCertificateRefs)
        t.match(document, `kubectl create configmap ${name} `);
      t.match(document, `-subj /CN=${spec.validation.hostname}`);
    }
    t.end();
  });

  t.test(`${name}: preStop and the drain end within the grace of the pod`, async (t) => {
    const { line, environment } = startOf(t, resources);
    const { values } = await readSettings(GATEWAY_COMMAND, line, environment);
    const { terminationGracePeriodSeconds: grace } = one(resources, 'Deployment', 'gateway').spec.template
      .spec;
    const { seconds } = containerOf(resources, 'gateway').lifecycle.preStop.sleep;
    t.equal(
      grace,
      values.graceMs / 1_000 + 2 * seconds,
      'preStop, the drain, and as much as preStop to spare',
    );
    const core = one(resources, 'Deployment', 'core').spec.template.spec;
    const coreGrace = core.containers[0].env.find(({ name }: Manifest) => name === 'SLUICE_GRACE_MS');
    t.ok(core.terminationGracePeriodSeconds >= Number(coreGrace.value) / 1_000 + 5);
  });

  t.test(`${name}: the gateway is started with options that it has`, async (t) => {
    const { command, line, environment } = startOf(t, resources);
    t.equal(command, 'gateway');
    t.same([...unknownVariables(environment, [GATEWAY_COMMAND])], []);
    const { values, origins } = await readSettings(GATEWAY_COMMAND, line, environment);
    const ports = containerOf(resources, 'gateway').ports.map(({ containerPort }: Manifest) => containerPort);
    t.same(
      [values.listen, values.adminListen],
      ports.map((port: number) => `:${port}`),
    );
    const core = one(resources, 'Service', 'core');
    t.equal(values.upstream, `dns:///${core.metadata.name}:${core.spec.ports[0].port}`);
    if (name === 'base') return;
    t.equal(origins.upstream.kind, 'file');
    t.equal(origins.maxMessageBytes.kind, 'file');
  });
}

/** The status of a `GET`, whatever the certificate. */
async function statusOf(url: string, host?: string): Promise<number | undefined> {
  const get = url.startsWith('https:') ? https.get : http.get;
  const options = { agent: false as const, rejectUnauthorized: false, ...(host && { headers: { host } }) };
  const [answer] = (await once(get(url, options), 'response')) as [http.IncomingMessage];
  answer.resume();
  await once(answer, 'end');
  return answer.statusCode;
}

for (const [name, folder, leaveOut] of [
  ['production', FOLDERS.production, []],
  ['production without TLS', FOLDERS.production, ['components/tls']],
  ['scale-to-zero', FOLDERS['scale-to-zero'], []],
] as const) {
  t.test(`${name}: the gateway starts with it, and stops when it is told to`, async (t) => {
    const { command, line, environment } = startOf(t, buildOverlay(folder, leaveOut));
    const running = sluice(t, [command, ...line, '--listen', ':0', '--admin-listen', ':0'], environment);
    const { url, adminUrl } = (await running.line('gateway listening')) as Record<string, string>;
    t.match(url, name === 'production' ? /^https:/ : /^http:/);
    const { port } = new URL(url as string);
    const here = `${(url as string).slice(0, name === 'production' ? 5 : 4)}://127.0.0.1:${port}`;
    t.equal(await statusOf(`${here}/favicon.ico`, 'evil.example'), 421, 'another name');
    t.not(await statusOf(`${here}/favicon.ico`, 'sluice.example.com'), 421, 'the name of the site');
    const probes = `http://127.0.0.1:${new URL(adminUrl as string).port}`;
    t.equal(await statusOf(`${probes}/healthz`), 200, 'the kubelet asks by the address');
    t.equal(await statusOf(`${probes}/metrics`), 200, 'and so does Prometheus');
    t.same(running.errors, []);
    running.child.kill('SIGTERM');
    t.equal(await running.exit, 0);
  });
}

t.test('what the document says of auth may be merged into the file of the ConfigMap', async (t) => {
  const block = /## Who may call\n[\s\S]*?```yaml\n([\s\S]*?)```/.exec(document)?.[1] ?? '';
  t.match(block, /^auth:\n/);
  const config = ofKind(builds().production, 'ConfigMap').find(({ data }) => 'gateway.yaml' in data);
  const text = `${config?.data['gateway.yaml']}\n${block}`;
  await t.resolves(parseConfigFile(text, 'gateway.yaml', FILE_SECTIONS));
  await t.rejects(parseConfigFile(text.replace('audience', 'audiences'), 'gateway.yaml', FILE_SECTIONS));
});

t.test('production: the budget lets a node be emptied, and the autoscaler keeps enough', (t) => {
  const { production } = builds();
  const { minReplicas, maxReplicas, metrics, behavior } = one(
    production,
    'HorizontalPodAutoscaler',
    'gateway',
  ).spec;
  const { maxUnavailable } = one(production, 'PodDisruptionBudget', 'gateway').spec;
  t.ok(maxUnavailable >= 1 && maxUnavailable < minReplicas);
  t.ok(maxReplicas > minReplicas);
  t.notOk('replicas' in one(production, 'Deployment', 'gateway').spec, 'the autoscaler owns the number');
  t.equal(behavior.scaleDown.policies.length, 1);
  t.ok(behavior.scaleDown.stabilizationWindowSeconds >= 300);
  t.match(behavior.scaleDown.policies[0], { type: 'Pods', value: 1 });
  t.equal(metrics[0].type, 'Pods');
  t.end();
});

t.test(
  'the autoscaler has its metric by the rule of the document, and its target fits the places',
  async (t) => {
    const { production } = builds();
    const { metric, target } = one(production, 'HorizontalPodAutoscaler', 'gateway').spec.metrics[0].pods;
    t.match(document, `seriesQuery: '${metric.name}{namespace!="",pod!=""}'`);
    const { values } = await readSettings(GATEWAY_COMMAND, startOf(t, production).line, {});
    const places = values.upstreamConnections * values.upstreamStreams;
    // When one of the fewest pods goes, the others have what it had.
    const { minReplicas } = one(production, 'HorizontalPodAutoscaler', 'gateway').spec;
    t.ok((Number(target.averageValue) * minReplicas) / (minReplicas - 1) < places);
    t.equal(
      one(builds()['scale-to-zero'], 'InterceptorRoute', 'gateway').spec.scalingMetric.concurrency
        .targetValue,
      Number(target.averageValue),
    );
  },
);

t.test('scale-to-zero: nothing else scales, and nothing passes the interceptor by', (t) => {
  const resources = builds()['scale-to-zero'];
  for (const kind of ['HorizontalPodAutoscaler', 'PodDisruptionBudget', 'Ingress'])
    t.same(ofKind(resources, kind), [], kind);
  const { spec } = one(resources, 'ScaledObject', 'gateway');
  t.equal(spec.minReplicaCount, 0);
  const route = one(resources, 'InterceptorRoute', spec.triggers[0].metadata.interceptorRoute);
  t.equal(route.spec.timeouts.request, '0s');
  const { from } = one(resources, 'NetworkPolicy', 'gateway-from-clients').spec.ingress[0];
  t.match(from, [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'keda' } } }]);
  t.end();
});
