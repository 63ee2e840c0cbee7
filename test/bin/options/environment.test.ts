import t from 'tap';
import {
  CORE_COMMAND,
  type CommandOption,
  GATEWAY_COMMAND,
  START_COMMAND,
  unknownVariables,
} from '../../../bin/options/index.js';
import { variableOf } from '../../../gateway/options/index.js';
import { sluice } from '../../support/process.js';

// Every case is a process, and a busy machine takes seconds to start one.
t.setTimeout(600_000);

const TABLES = [CORE_COMMAND, GATEWAY_COMMAND, START_COMMAND];

t.test('a variable that looks like a setting and is none is named, with what was meant', async (t) => {
  const cases: [name: string, value: string, said: string | undefined][] = [
    ['SLUICE_UPSTRAEM', 'a:1', 'there is no setting SLUICE_UPSTRAEM, did you mean SLUICE_UPSTREAM?'],
    ['SLUICE_LISTN', ':1', 'there is no setting SLUICE_LISTN, did you mean SLUICE_LISTEN?'],
    ['SLUICE_ADMINLISTEN', ':1', 'there is no setting SLUICE_ADMINLISTEN, did you mean SLUICE_ADMIN_LISTEN?'],
    ['sluice_listen', ':1', 'there is no setting sluice_listen, did you mean SLUICE_LISTEN?'],
    ['SLUICE_COLOUR', 'red', 'there is no setting SLUICE_COLOUR'],
    ['SLUICE_PORT', '8080', 'there is no setting SLUICE_PORT'],
    ['SLUICE_HELP', '1', 'there is no setting SLUICE_HELP'],
    ['SLUICE_PRINT_CONFIG', '1', 'there is no setting SLUICE_PRINT_CONFIG'],
    ['SLUICE_VERSION', '1', 'there is no setting SLUICE_VERSION'],
    // What Kubernetes and Docker set for a service of that name.
    ['SLUICE_PORT', 'tcp://10.0.0.1:80', undefined],
    ['SLUICE_SERVICE_HOST', '10.0.0.1', undefined],
    ['SLUICE_SERVICE_PORT', '80', undefined],
    ['SLUICE_SERVICE_PORT_HTTP', '80', undefined],
    ['SLUICE_PORT_80_TCP', 'tcp://10.0.0.1:80', undefined],
    ['SLUICE_PORT_80_TCP_PROTO', 'tcp', undefined],
    ['SLUICE_PORT_80_TCP_PORT', '80', undefined],
    ['SLUICE_PORT_80_TCP_ADDR', '10.0.0.1', undefined],
    ['SLUICE_GATEWAY_PORT', 'tcp://10.0.0.1:8080', undefined],
    ['SLUICE_GATEWAY_PORT_8080_TCP_ADDR', '10.0.0.1', undefined],
    ['SLUICE_GATEWAY_SERVICE_PORT_GRPC_WEB', '8080', undefined],
    ['SLUICE_DNS_PORT_53_UDP', 'udp://10.0.0.1:53', undefined],
    ['SLUICEGATE', 'x', undefined],
    ['PATH', '/bin', undefined],
  ];
  for (const [name, value, said] of cases) {
    t.match(
      unknownVariables({ [name]: value }, TABLES),
      said === undefined ? [] : [said],
      `${name}=${value}`,
    );
  }
  for (const table of TABLES) {
    for (const [name, row] of Object.entries<CommandOption>(table)) {
      const said = row.lineOnly ? [`there is no setting ${variableOf(name)}`] : [];
      t.same(unknownVariables({ [variableOf(name)]: '1' }, TABLES), said, name);
    }
  }
});

t.test('every command warns of it and goes on', async (t) => {
  for (const command of ['start', 'gateway', 'core']) {
    const running = sluice(t, [command, '--log-level', 'loud'], {
      SLUICE_GRACE: '1',
      SLUICE_SERVICE_PORT: '80',
    });
    t.equal(await running.exit, 2);
    t.equal(running.errors.length, 2, running.errors.join('\n'));
    t.equal(
      running.errors[0],
      `sluice ${command}: there is no setting SLUICE_GRACE, did you mean SLUICE_GRACE_MS?`,
    );
  }
});
