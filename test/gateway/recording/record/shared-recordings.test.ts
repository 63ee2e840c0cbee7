import t from 'tap';
import { NO_NATS, openNats } from '../../../support/nats-server.js';
import { nothingTold } from './fake-service.js';
import { openReplica } from './open-replica.js';
import { testRecordings } from './recordings-contract.js';

// Alarms do not keep a process alive.
const awake = setInterval(() => {}, 1_000);
t.teardown(() => clearInterval(awake));

t.test('recordings that gateways share', { skip: NO_NATS, timeout: 120_000 }, async (t) => {
  const nats = await openNats(t);
  testRecordings(t, 'NATS, asked where they are led', async (t, given) => {
    const one = await openReplica(t, nats.address, given);
    return { ...one, one, other: one };
  });
  testRecordings(t, 'NATS, asked at another gateway', async (t, given) => {
    const told = nothingTold();
    const one = await openReplica(t, nats.address, given, told);
    const other = await openReplica(t, nats.address, given, told);
    return { ...told, one, other };
  });
});
