import { CALL_COMMAND, LIST_COMMAND, readSettings, TOP_COMMAND } from '../options/index.js';
import type { Command } from './command.js';

/** What the commands do: help and a wrong line need not wait for it. */
const loadCall = () => import('../call/index.js');

/** `sluice call` */
export const CALL: Command = {
  summary: 'a call of any method, of a gateway or a gRPC server',
  usage: '[ADDRESS] METHOD [FIELD=VALUE ...] [options]',
  table: CALL_COMMAND,
  examples: [
    {
      line: 'sluice call streaming.StreamingService/GetStockQuote symbol=AAPL',
      does: 'a unary call of the gateway on this machine',
    },
    {
      line: 'sluice call --grpc 127.0.0.1:50051 GetStockPrices symbols=AAPL symbols=MSFT --slow 1/s',
      does: 'a stream of a gRPC server, taken slowly',
    },
  ],
  async run(line, environment) {
    const settings = await readSettings(CALL_COMMAND, line, environment, { takesRest: true });
    const { stdin: input, stdout: output, stderr: errors } = process;
    return { errand: await (await loadCall()).runCall(settings, { input, output, errors }) };
  },
};

/** `sluice list` */
export const LIST: Command = {
  summary: 'the methods of a gateway or a gRPC server',
  usage: '[ADDRESS] [SERVICE] [options]',
  table: LIST_COMMAND,
  examples: [
    { line: 'sluice list', does: 'all methods of the gateway on this machine, with their kinds' },
    { line: 'sluice list --grpc 127.0.0.1:50051', does: 'those of a gRPC server with server reflection' },
  ],
  async run(line, environment) {
    const settings = await readSettings(LIST_COMMAND, line, environment, { takesRest: true });
    return { printed: await (await loadCall()).runList(settings) };
  },
};

/** `sluice top` */
export const TOP: Command = {
  summary: 'the open calls of a gateway: how fast they are, where bytes wait, and who stalls',
  usage: '[ADDRESS] [options]',
  table: TOP_COMMAND,
  examples: [
    { line: 'sluice top', does: 'by the admin port of the gateway on this machine; Ctrl-C ends it' },
    { line: 'sluice top --once --format table', does: 'one look' },
  ],
  async run(line, environment) {
    const settings = await readSettings(TOP_COMMAND, line, environment, { takesRest: true });
    const { stdin: input, stdout: output, stderr: errors } = process;
    const hasColor = output.isTTY === true && !environment.NO_COLOR && environment.TERM !== 'dumb';
    return { errand: await (await loadCall()).runTop(settings, { input, output, errors, hasColor }) };
  },
};
