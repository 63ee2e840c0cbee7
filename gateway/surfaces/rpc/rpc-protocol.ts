import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { mediaTypeOf } from '../../wire/index.js';
import type { HttpProtocol } from '../http/index.js';

/** What of a request says which RPC protocol it speaks. */
export interface RpcWish {
  readonly httpMethod: string;
  /** In lower case and without parameters. */
  readonly mediaType: string | undefined;
  readonly headers: IncomingHttpHeaders;
  /** The query of the address, without "?". */
  readonly search: string;
}

/** An RPC protocol, which is spoken at the gRPC paths of methods and nowhere else: one row of `SURFACES.protocols`. */
export interface RpcProtocol extends HttpProtocol {
  readonly name: string;
  /** Whether a request is in this protocol. Pure, and cheap: it is asked for every request. */
  speaks(wish: RpcWish): boolean;
}

/** `/{package.Service}/{Method}`: names of protobuf, whether there is such a method or not. */
const GRPC_PATH = /^\/[A-Za-z_][\w.]*\/[A-Za-z_]\w*(?:$|\?)/;

/** The protocol that a request speaks, by its head alone; `undefined`: none of these, so it is one for our own forms. Pure. */
export function rpcProtocolOf(
  protocols: readonly RpcProtocol[],
  { method = '', url = '', headers }: Pick<IncomingMessage, 'method' | 'url' | 'headers'>,
): RpcProtocol | undefined {
  const query = url.indexOf('?');
  const wish = {
    httpMethod: method,
    mediaType: mediaTypeOf(headers['content-type']),
    headers,
    search: query === -1 ? '' : url.slice(query + 1),
  };
  for (const protocol of protocols)
    if (protocol.speaks(wish)) return GRPC_PATH.test(url) ? protocol : undefined;
  return undefined;
}
