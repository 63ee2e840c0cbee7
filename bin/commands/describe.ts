import { flagOf } from '../../gateway/options/index.js';
import { DESCRIBE_COMMAND, readSettings, TYPES_COMMAND, UsageError } from '../options/index.js';
import type { Command } from './command.js';

/** What the commands do: help and a wrong line need not wait for it. */
const loadRun = () => import('../run/index.js');
const loadCall = () => import('../call/index.js');

/** `sluice describe` */
export const DESCRIBE: Command = {
  summary: 'what a service, method or type is; or a document of a service: OpenAPI, AsyncAPI, types',
  usage: '[[ADDRESS] NAME] [options]',
  table: DESCRIBE_COMMAND,
  examples: [
    {
      line: 'sluice describe streaming.StreamingService/GetStockQuote',
      does: 'a method with its messages, as the gateway on this machine knows it',
    },
    {
      line: 'sluice describe --upstream 127.0.0.1:50051 -o openapi.json',
      does: 'OpenAPI of a service with server reflection',
    },
    {
      line: 'sluice describe --descriptor-set orders.binpb --format asyncapi',
      does: 'AsyncAPI of what a file describes',
    },
  ],
  async run(line, environment) {
    const settings = await readSettings(DESCRIBE_COMMAND, line, environment, { takesRest: true });
    const { format, basePath } = settings.values;
    const isFlag = (name: keyof typeof DESCRIBE_COMMAND) => settings.origins[name].kind === 'flag';
    if (settings.rest.length > 0 || isFlag('address') || isFlag('grpc')) {
      const other = (['format', 'basePath', 'upstream'] as const).find(isFlag);
      if (other !== undefined)
        throw new UsageError(
          `--${flagOf(other)} is for documents: it cannot stand beside an address or a name`,
        );
      const text = await (await loadCall()).runDescribeSymbol(settings);
      return { printed: await (await loadRun()).writeOutput(settings, text) };
    }
    return { printed: await (await loadRun()).runDescribe(settings, format, basePath) };
  },
};

/** `sluice types` */
export const TYPES: Command = {
  summary: 'TypeScript types of a service, for the browser client',
  table: TYPES_COMMAND,
  examples: [
    {
      line: 'sluice types --upstream 127.0.0.1:50051 -o sluice-types.d.ts',
      does: 'for createClient<Services>(), of a service with server reflection',
    },
    { line: 'sluice types --proto orders.proto -o sluice-types.d.ts', does: 'the same from a file' },
  ],
  async run(line, environment) {
    const settings = await readSettings(TYPES_COMMAND, line, environment);
    return { printed: await (await loadRun()).runDescribe(settings, 'types') };
  },
};
