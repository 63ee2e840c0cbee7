import { openHttp2Transport } from './http2/index.js';
import type { Transport } from './transport.js';
import type { TransportOptions } from './transport-options.js';

/** Opens the transport of that name. The reference is loaded only when it is asked for: with all that it needs it is a third of a start. */
export async function openTransport(
  name: 'http2' | 'grpc-js',
  options: TransportOptions,
): Promise<Transport> {
  if (name === 'http2') return openHttp2Transport(options);
  const { openGrpcJsTransport } = await import('./grpc-js/index.js');
  return openGrpcJsTransport(options);
}
