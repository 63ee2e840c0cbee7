import t from 'tap';
import { builds, containerOf, ofKind, one } from './overlays.js';
import { type Manifest, type Resource, selects } from './resource.js';

/** The pods that a selector takes, as their deployments. */
function podsOf(resources: readonly Resource[], selector: Manifest, namespace?: string): Resource[] {
  return ofKind(resources, 'Deployment').filter(
    ({ spec, metadata }) =>
      metadata.namespace === namespace && selects(selector, spec.template.metadata.labels),
  );
}

const portsOf = ({ spec }: Resource): readonly Manifest[] =>
  spec.template.spec.containers.flatMap(({ ports }: Manifest) => ports);

/** The port of a pod that a name or a number means. */
function portNumber(pod: Resource, port: string | number): number | undefined {
  return portsOf(pod).find(({ name, containerPort }) => name === port || containerPort === port)
    ?.containerPort;
}

for (const [name, resources] of Object.entries(builds())) {
  t.test(`${name}: what selects finds, in its own namespace`, (t) => {
    const one = (selector: Manifest, { kind, metadata }: Resource) =>
      t.equal(podsOf(resources, selector, metadata.namespace).length, 1, `${kind} ${metadata.name}`);
    for (const resource of resources) {
      const { kind, spec, metadata } = resource;
      if (kind === 'Service') one({ matchLabels: spec.selector }, resource);
      if (kind === 'Deployment' || kind === 'PodDisruptionBudget') one(spec.selector, resource);
      if (kind === 'NetworkPolicy' && 'matchLabels' in spec.podSelector) one(spec.podSelector, resource);
      if (kind === 'Deployment') {
        t.ok(selects(spec.selector, spec.template.metadata.labels), `${metadata.name} selects its own pods`);
        for (const { labelSelector } of spec.template.spec.topologySpreadConstraints ?? [])
          t.ok(
            selects(labelSelector, spec.template.metadata.labels),
            `${metadata.name} is spread among its own`,
          );
      }
      if (kind === 'HorizontalPodAutoscaler' || kind === 'ScaledObject')
        t.ok(
          resources.some(
            ({ kind, metadata }) => kind === 'Deployment' && metadata.name === spec.scaleTargetRef.name,
          ),
        );
      if (kind === 'ServiceMonitor') {
        const services = ofKind(resources, 'Service').filter(({ metadata }) =>
          selects(spec.selector, metadata.labels),
        );
        t.same(
          services.map(({ metadata }) => metadata.name),
          ['gateway-metrics'],
          'the port of clients is not asked for metrics',
        );
      }
    }
    t.end();
  });

  t.test(`${name}: every port that is named exists, from the route to the pod`, (t) => {
    const hasPort = (service: string, port: string | number) => {
      const { spec } = one(resources, 'Service', service);
      t.ok(
        spec.ports.some(({ name, port: number }: Manifest) => name === port || number === port),
        `${service}:${port}`,
      );
    };
    for (const resource of resources) {
      const { kind, spec, metadata } = resource;
      if (kind === 'Service') {
        const [pod] = podsOf(resources, { matchLabels: spec.selector }, metadata.namespace);
        for (const { targetPort } of spec.ports)
          t.ok(portNumber(pod as Resource, targetPort), `${targetPort}`);
      }
      if (kind === 'Deployment') {
        for (const container of spec.template.spec.containers) {
          for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe']) {
            const { httpGet, grpc } = container[probe];
            t.ok(portNumber(resource, (httpGet ?? grpc).port), `${metadata.name} ${probe}`);
          }
        }
      }
      if (kind === 'ServiceMonitor') for (const { port } of spec.endpoints) hasPort('gateway-metrics', port);
      if (kind === 'InterceptorRoute') hasPort(spec.target.service, spec.target.port);
      if (kind === 'BackendTLSPolicy')
        for (const { name, sectionName } of spec.targetRefs) hasPort(name, sectionName);
      if (kind === 'Ingress') {
        for (const { http } of spec.rules)
          for (const { backend } of http.paths) hasPort(backend.service.name, backend.service.port.name);
      }
      if (kind === 'HTTPRoute') {
        for (const { backendRefs, timeouts } of spec.rules) {
          t.same(timeouts, { request: '0s', backendRequest: '0s' }, 'a stream has no end');
          for (const { name, namespace, port } of backendRefs) {
            if (namespace === undefined) hasPort(name, port);
            else
              t.ok(
                ofKind(resources, 'ReferenceGrant').some(
                  (grant) =>
                    grant.metadata.namespace === namespace &&
                    grant.spec.from.some((from: Manifest) => from.namespace === metadata.namespace) &&
                    grant.spec.to.some((to: Manifest) => to.name === name),
                ),
                `${namespace} admits it`,
              );
          }
        }
      }
    }
    t.end();
  });
}

for (const name of ['production', 'scale-to-zero'] as const) {
  t.test(`${name}: the network lets through what is used, and nothing else`, (t) => {
    const resources = builds()[name];
    const policies = ofKind(resources, 'NetworkPolicy');
    const deny = one(resources, 'NetworkPolicy', 'default-deny');
    t.same(deny.spec, { podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
    const open: Record<string, number[]> = { core: [], gateway: [] };
    const out: Record<string, string[]> = { core: [], gateway: [] };
    for (const { spec, metadata } of policies) {
      const [pod] = podsOf(resources, spec.podSelector, metadata.namespace);
      if (metadata.name === 'default-deny' || pod === undefined) continue;
      t.equal('ingress' in spec, spec.policyTypes.includes('Ingress'), metadata.name);
      t.equal('egress' in spec, spec.policyTypes.includes('Egress'), metadata.name);
      for (const { from, ports } of spec.ingress ?? []) {
        t.ok(from.length > 0, `${metadata.name} says who`);
        for (const { port } of ports) open[pod.metadata.name]?.push(port);
      }
      for (const { to, ports } of spec.egress ?? []) {
        t.ok(to.length > 0, `${metadata.name} says where to`);
        for (const { protocol, port } of ports) out[pod.metadata.name]?.push(`${protocol} ${port}`);
      }
    }
    for (const [pod, ports] of Object.entries(open)) {
      t.same(
        ports.sort(),
        containerOf(resources, pod).ports.map(({ containerPort }: Manifest) => containerPort),
        `${pod}: each port once`,
      );
    }
    t.same(out, { core: [], gateway: ['TCP 50051', 'UDP 53', 'TCP 53'] });
    t.end();
  });

  t.test(`${name}: one name of the site, which the gateway answers for`, (t) => {
    const resources = builds()[name];
    const hosts = resources.flatMap(({ kind, spec }): string[] => {
      if (kind === 'HTTPRoute') return spec.hostnames;
      if (kind === 'InterceptorRoute') return spec.rules.flatMap(({ hosts }: Manifest) => hosts);
      if (kind !== 'Ingress') return [];
      return [
        ...spec.rules.map(({ host }: Manifest) => host),
        ...spec.tls.flatMap(({ hosts }: Manifest) => hosts),
      ];
    });
    t.ok(hosts.length >= 2);
    t.same([...new Set(hosts)], ['sluice.example.com']);
    const config = ofKind(resources, 'ConfigMap').find(({ data }) => 'gateway.yaml' in data);
    t.match(config?.data['gateway.yaml'], 'allowHost: [sluice.example.com]');
    t.end();
  });
}

t.test('each port says its protocol to the routers of the cluster', (t) => {
  const said = (resources: readonly Resource[]) =>
    ofKind(resources, 'Service').flatMap(({ metadata, spec }) =>
      spec.ports.map(({ name, appProtocol }: Manifest) => [metadata.name, name, appProtocol ?? ''].join(' ')),
    );
  const { production, 'scale-to-zero': zero } = builds();
  t.same(said(zero).sort(), [
    'core grpc kubernetes.io/h2c',
    'gateway h2c kubernetes.io/h2c',
    'gateway http kubernetes.io/ws',
    'gateway-metrics metrics ',
  ]);
  t.same(said(production).sort(), [
    'core grpc kubernetes.io/h2c',
    'gateway https kubernetes.io/wss',
    'gateway-metrics metrics ',
  ]);
  t.end();
});
