import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { authorityOf, isLoopbackAddress, normalAddress, requestSource } from '../security/index.js';
import { RpcError, sharedError } from '../status/index.js';
import type { ResolvedGatewayOptions } from './gateway-settings.js';

/** What refuses a request for its host; `undefined`: nothing. */
export type HostCheck = (request: IncomingMessage) => RpcError | undefined;

/**
 * Refuses, before everything else, what is for a host that this listen address does not answer for: 421, whatever the path. Whether it is a
 * loopback address is known when it listens; until then it counts as one. Returns the same check, for requests that come past the hook.
 */
export function registerHostCheck(
  app: FastifyInstance,
  { allowHosts, trustedProxies }: Pick<ResolvedGatewayOptions, 'allowHosts' | 'trustedProxies'>,
): HostCheck {
  let isLoopback = true;
  app.server.once('listening', () => {
    const { address } = app.server.address() as AddressInfo;
    isLoopback = isLoopbackAddress(normalAddress(address) ?? address);
  });
  const refusalOf: HostCheck = (request) => {
    const doubled = refusalOfSeveral(request);
    if (doubled !== undefined) return doubled;
    const proxied = allowHosts.isEmpty ? undefined : requestSource(request, trustedProxies).host;
    const authority = proxied ?? authorityOf(request);
    if (allowHosts.has(authority, request.socket.localAddress, isLoopback)) return undefined;
    // What stands before an @ may be a password, and this text is logged.
    const host = authority?.slice(authority.lastIndexOf('@') + 1);
    return sharedError(
      'HOST_NOT_SERVED',
      `host ${JSON.stringify(host)} is not served here: see --allow-host`,
      { httpStatus: 421 },
    );
  };
  app.addHook('onRequest', ({ raw, id }, reply, done) => {
    reply.header('x-request-id', id);
    done(refusalOf(raw));
  });
  return refusalOf;
}

/** Refuses a request without `Host`, and one with two: proxies disagree on which one counts. Source: RFC 9112 section 3.2. */
function refusalOfSeveral({ rawHeaders, httpVersion }: IncomingMessage): RpcError | undefined {
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    if (name.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  if (hosts === 1 || (hosts === 0 && httpVersion === '1.0')) return undefined;
  return new RpcError('INVALID_HEADER', `header host: there must be one, not ${hosts}`);
}
