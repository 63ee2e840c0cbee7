import { CORE_COMMAND, GATEWAY_COMMAND, START_COMMAND } from '../options/index.js';
import { CALL, LIST, TOP } from './call.js';
import { type Command, command } from './command.js';
import { completionCommand } from './completion.js';
import { DESCRIBE, TYPES } from './describe.js';

export type { Command, Outcome } from './command.js';

/** The commands by name, each with two lines that a new user can type as they are. */
export const COMMANDS: Readonly<Record<string, Command>> = {
  start: command(
    'start',
    {
      summary: 'the core service and the gateway, in one process',
      table: START_COMMAND,
      examples: [
        { line: 'sluice start', does: 'everything on this machine; open http://127.0.0.1:8080/' },
        {
          line: 'sluice start --listen :8080 --data-dir /var/lib/sluice',
          does: 'for other machines as well',
        },
      ],
    },
    async ({ runBoth }, settings) => {
      const running = await runBoth(settings);
      greet(running.gateway.url, running.gateway.adminUrl);
      return running;
    },
  ),
  gateway: command(
    'gateway',
    {
      summary: 'the gateway, in front of any gRPC service',
      table: GATEWAY_COMMAND,
      examples: [
        {
          line: 'sluice gateway --upstream 127.0.0.1:50051',
          does: 'in front of a service with server reflection',
        },
        {
          line: 'sluice gateway --upstream dns:///orders:443 --upstream-tls --descriptor-set orders.binpb',
          does: 'TLS to every address of a name; methods from a file',
        },
      ],
    },
    ({ runGateway }, settings) => runGateway(settings),
  ),
  core: command(
    'core',
    {
      summary: 'the core gRPC service, with every streaming pattern',
      table: CORE_COMMAND,
      examples: [
        { line: 'sluice core', does: 'gRPC on 127.0.0.1:50051, files and state in ./data' },
        {
          line: 'sluice core --listen :50051 --data-dir /var/lib/sluice',
          does: 'for other machines as well',
        },
      ],
    },
    ({ runCore }, settings) => runCore(settings),
  ),
  call: CALL,
  list: LIST,
  top: TOP,
  describe: DESCRIBE,
  types: TYPES,
  completion: completionCommand(() => COMMANDS),
};

/** For people, so not on the standard output, where every line is JSON. What listens on every address is shown as this machine. */
function greet(...urls: readonly [url: string, adminUrl: string]): void {
  const [url, adminUrl] = urls.map((given) => given.replace(/\/\/(\[::\]|0\.0\.0\.0):/, '//127.0.0.1:'));
  process.stderr.write(`
Sluice is running. Ctrl-C stops it, a second one at once.

  page      ${url}/
  unary     curl ${url}/v1/stocks/AAPL
  stream    curl -N '${url}/v1/stocks?symbols=AAPL&symbols=MSFT' -H 'accept: text/event-stream'
  health    ${adminUrl}/readyz

`);
}
