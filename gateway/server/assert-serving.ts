import { RpcError } from '../status/index.js';
import type { ExchangeContext } from '../surfaces/index.js';

/** Throws UNAVAILABLE while the gateway drains. */
export function assertServing({ draining }: ExchangeContext['exchanges']): void {
  if (!draining) return;
  throw new RpcError('DRAINING', 'the gateway is shutting down', {
    headers: { connection: 'close', 'retry-after': '1' },
  });
}
