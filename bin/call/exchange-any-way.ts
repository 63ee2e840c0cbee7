import { Code } from '../../gateway/status/index.js';
import type { Transport } from '../../gateway/upstream/index.js';
import { CallFailure } from './call-end.js';
import { type ExchangeOptions, exchange, NoHttp2 } from './exchange.js';
import { ReplayedMessages } from './replayed-messages.js';

/**
 * Calls a method as `exchange` does; where there is no HTTP/2 on the way to a gateway, once more by the transport that `other` makes, with the same messages. The
 * first way has called nothing then. Rejects as `exchange` does, and with `CallFailure` where more was taken for the first way than is kept.
 */
export async function exchangeAnyWay(options: ExchangeOptions, other: () => Transport): Promise<number> {
  const messages = new ReplayedMessages(options.messages);
  try {
    const onBegun = () => messages.settle();
    return await exchange({ ...options, messages: messages.each(), onBegun });
  } catch (reason) {
    if (!(reason instanceof NoHttp2)) throw reason;
    if (!messages.isWhole)
      throw new CallFailure(
        { code: Code.UNAVAILABLE, message: `${reason.message}; call with --http1` },
        reason,
      );
    if (options.isVerbose)
      options.tell(['no HTTP/2 on the way to the gateway: calling in gRPC-Web over HTTP/1.1']);
    return await exchange({ ...options, transport: other(), messages: messages.each() });
  } finally {
    messages.close();
  }
}
