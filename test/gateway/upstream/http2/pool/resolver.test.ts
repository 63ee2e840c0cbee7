import t from 'tap';
import { Code } from '../../../../../gateway/status/index.js';
import { type Call, openHttp2Transport, type Transport } from '../../../../../gateway/upstream/index.js';
import { until } from '../../../../support/http.js';
import { openScriptedUpstream, type ScriptedUpstream } from '../../../../support/scripted-upstream.js';
import { neverAborted, readToEnd } from '../../contract/subject.js';

const forever = new Promise<never>(() => {});
const scripts = {
  '/test.Dns/Ok': [{ in: 'end' }],
  '/test.Dns/Stay': [{ headers: [] }, { wait: forever }],
} as const;

async function ask(transport: Transport): Promise<number> {
  const call = transport.open('/test.Dns/Ok', { metadata: [], signal: neverAborted() });
  call.halfClose();
  await readToEnd(call);
  return (await call.status).code;
}

/** Services on one port of several loopback addresses, as replicas behind one name. */
async function openReplicas(count: number): Promise<{ replicas: ScriptedUpstream[]; port: string }> {
  const first = await openScriptedUpstream(scripts);
  const port = first.target.split(':')[1] as string;
  const replicas = [first];
  try {
    for (let n = 2; n <= count; n++) {
      replicas.push(await openScriptedUpstream(scripts, undefined, `127.0.0.${n}:${port}`));
    }
  } catch {
    // Somebody has this port on every address.
    for (const replica of replicas) replica.close();
    return openReplicas(count);
  }
  return { replicas, port };
}

t.test('a further address gets calls, one that is gone gets none and finishes what it has', async (t) => {
  const { replicas, port } = await openReplicas(3);
  t.teardown(() => replicas.map((replica) => replica.close()));
  let hosts = ['127.0.0.1', '127.0.0.2'];
  let looks = 0;
  const transport = openHttp2Transport({
    target: `dns:///replicas.test:${port}`,
    resolveIntervalMs: 20,
    lookup: async (host) => {
      t.equal(host, 'replicas.test');
      looks++;
      return hosts;
    },
  });
  t.teardown(() => transport.close());
  const counts = () => replicas.map((replica) => replica.calls('/test.Dns/Ok').length);
  const askUntil = async (enough: () => boolean): Promise<void> => {
    for (let n = 0; n < 500 && !enough(); n++) t.equal(await ask(transport), 0);
  };
  await askUntil(() => counts().filter((count) => count > 0).length === 2);
  t.match(counts(), [Number, Number, 0]);

  const held: Call[] = [];
  for (let n = 0; n < 4; n++) {
    held.push(transport.open('/test.Dns/Stay', { metadata: [], signal: neverAborted() }));
    await held.at(-1)?.headers;
  }
  t.same(
    replicas.map((replica) => replica.calls('/test.Dns/Stay').length),
    [2, 2, 0],
    'calls go round',
  );

  hosts = ['127.0.0.2', '127.0.0.3'];
  const before = looks;
  await until(t, 'two looks', () => looks >= before + 2);
  const [gone] = counts();
  await askUntil(() => (counts()[2] ?? 0) > 5);
  t.equal(counts()[0], gone, 'the address that is gone');
  t.ok((counts()[2] ?? 0) > 5, 'the further address');
  t.equal(replicas[0]?.calls('/test.Dns/Stay').filter((call) => call.cancelled).length, 0);
  for (const call of held) {
    call.cancel();
    t.equal((await call.status).code, Code.CANCELLED);
  }
});

t.test('one dead address among several costs no call', async (t) => {
  const { replicas, port } = await openReplicas(2);
  t.teardown(() => replicas.map((replica) => replica.close()));
  replicas[1]?.close();
  const transport = openHttp2Transport({
    target: `replicas.test:${port}`,
    lookup: async () => ['127.0.0.2', '127.0.0.1'],
  });
  t.teardown(() => transport.close());
  for (let n = 0; n < 20; n++) t.equal(await ask(transport), 0);
});

t.test('a name that cannot be found is UNAVAILABLE, until it is found', async (t) => {
  const { replicas, port } = await openReplicas(1);
  t.teardown(() => replicas.map((replica) => replica.close()));
  let found = false;
  const transport = openHttp2Transport({
    target: `nowhere.test:${port}`,
    resolveIntervalMs: 20,
    lookup: async () => {
      if (!found) throw new Error('ENOTFOUND nowhere.test');
      return ['127.0.0.1'];
    },
  });
  t.teardown(() => transport.close());
  t.equal(await ask(transport), Code.UNAVAILABLE);
  t.equal(await transport.ready(50), false);
  found = true;
  t.equal(await transport.ready(30_000), true);
  t.equal(await ask(transport), 0);
});

t.test('a look that fails later changes nothing', async (t) => {
  const { replicas, port } = await openReplicas(1);
  t.teardown(() => replicas.map((replica) => replica.close()));
  let looks = 0;
  const transport = openHttp2Transport({
    target: `replicas.test:${port}`,
    resolveIntervalMs: 10,
    lookup: async () => {
      if (++looks > 1) throw new Error('SERVFAIL');
      return ['127.0.0.1'];
    },
  });
  t.teardown(() => transport.close());
  t.equal(await ask(transport), 0);
  await until(t, 'four looks', () => looks >= 4);
  t.equal(await ask(transport), 0);
});

t.test('the system resolves localhost', async (t) => {
  const { replicas, port } = await openReplicas(1);
  t.teardown(() => replicas.map((replica) => replica.close()));
  const transport = openHttp2Transport({ target: `localhost:${port}` });
  t.teardown(() => transport.close());
  for (let n = 0; n < 10; n++) t.equal(await ask(transport), 0);
});
