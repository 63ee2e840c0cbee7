import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Code, RpcError } from '../status/index.js';

/** Requests that may be in work on one connection. HTTP/1.1 clients that pipeline at all send a few; Node would take any number. */
const MAX_PIPELINED = 8;

const IN_WORK = Symbol('requests in work');
type Counted = Socket & { [IN_WORK]?: number };

/** Counts a request on its connection. Throws RESOURCE_EXHAUSTED when too many wait there for their turn. */
export function admitOnConnection(request: IncomingMessage, response: ServerResponse): void {
  const socket: Counted = request.socket;
  const count = (socket[IN_WORK] ?? 0) + 1;
  socket[IN_WORK] = count;
  response.once('close', () => {
    socket[IN_WORK] = (socket[IN_WORK] ?? 1) - 1;
  });
  if (count > MAX_PIPELINED) {
    throw new RpcError(
      Code.RESOURCE_EXHAUSTED,
      `more than ${MAX_PIPELINED} requests at once on one connection: wait for answers`,
    );
  }
}

/** Refuses a request without `Host`, and one with two: proxies disagree on which one counts. Source: RFC 9112 section 3.2. */
export function assertOneHost({ rawHeaders, httpVersion }: IncomingMessage): void {
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    if (name.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  if (hosts === 1 || (hosts === 0 && httpVersion === '1.0')) return;
  throw new RpcError(Code.INVALID_ARGUMENT, `header host: there must be one, not ${hosts}`);
}
