import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { RpcError } from '../status/index.js';

/**
 * Refuses a request whose `Expect` asks for anything but `100-continue`: 417, like every other refusal. Node's own 417 has no body, no
 * request id and no line of log. Source: RFC 9110 section 10.1.1.
 */
export function registerExpectation(app: FastifyInstance): void {
  const unmet = new WeakSet<IncomingMessage>();
  app.server.on('checkExpectation', (request, response) => {
    unmet.add(request);
    app.server.emit('request', request, response);
  });
  app.addHook('onRequest', ({ raw }, _reply, done) => {
    if (raw.headers.expect !== undefined && unmet.has(raw)) {
      throw new RpcError('INVALID_HEADER', 'header expect: only 100-continue is known here', {
        httpStatus: 417,
      });
    }
    done();
  });
}
