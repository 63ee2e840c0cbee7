import pino from 'pino';
import t from 'tap';
import { openGateway } from '../../../gateway/index.js';
import { bytes, method, openForeign } from '../../support/foreign.js';
import { closeInTeardown } from '../../support/given-back.js';
import { http } from '../../support/http.js';
import { NO_NATS, openNats } from '../../support/nats-server.js';

t.test(
  'a detached call is asked about and stopped at another gateway that shares its journal',
  { skip: NO_NATS },
  async (t) => {
    const nats = await openNats(t);
    const config = { methods: { [method('Down').slice(1)]: { recording: {} } } };
    const journal = `nats://${nats.address}`;
    const never = new Promise<void>(() => {});
    const script = [{ in: 'end' }, { out: await bytes({ number: 1 }) }, { wait: never }] as const;
    const one = await openForeign(t, { Down: [...script] }, { config, journal });
    const other = await openGateway({
      upstream: one.upstream.target,
      listen: '127.0.0.1:0',
      adminListen: '127.0.0.1:0',
      schema: one.schema,
      config,
      journal,
      log: pino({ level: 'silent' }),
    });
    closeInTeardown(t, other);
    const headers = { 'content-type': 'application/json', prefer: 'respond-async' };
    const made = await http(one.url + method('Down'), { method: 'POST', headers, body: '{}' });
    t.equal(made.status, 202);
    const location = `${other.url}${made.headers.location}`;
    const running = await http(location, { method: 'HEAD' });
    t.match(running.headers, { 'sluice-call-state': 'running' });
    t.equal((await http(location, { method: 'DELETE' })).status, 204);
    for (let state = 'running'; state === 'running'; ) {
      const { headers } = await http(location, { method: 'HEAD' });
      state = String(headers['sluice-call-state']);
      if (state === 'ended') t.equal(headers['grpc-status'], '1');
    }
  },
);

t.test('a place that is none is refused before anything is opened', async (t) => {
  for (const journal of [
    'redis://h:1',
    'nats://h',
    'nats://h:0',
    'nats://u:secret@h:4222',
    'nats://h:1,',
    'u:secret@h',
  ]) {
    const opening = openGateway({ upstream: '127.0.0.1:1', journal, log: pino({ level: 'silent' }) });
    const reason = await opening.then(
      (gateway) => gateway.close(),
      (reason: unknown) => reason,
    );
    t.match(reason, { name: 'TypeError', message: /^journal must / }, journal);
    t.notMatch(String(reason), /secret/);
  }
});
