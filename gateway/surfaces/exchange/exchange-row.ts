import type { Progress, StallLimit } from '../../bridge/index.js';
import { nameOfPrincipal, type Principal, type RequestSource } from '../../security/index.js';
import type { Peer } from './peer.js';

/** An exchange with a call, as long as it runs. */
export interface RunningExchange {
  readonly requestId: string;
  readonly source: RequestSource;
  readonly principal: Principal;
  readonly surface: { readonly name: string };
  readonly request: { readonly method: { readonly path: string } };
  readonly peer: Peer;
}

/** Messages, and their bytes as protobuf. */
export interface Moved {
  readonly messages: number;
  readonly bytes: number;
}

/** How an exchange stands at one moment, as `/_sluice/streams` tells it: PROTOCOL.md, section 24. What is `undefined` is not known, or of no meaning. */
export interface ExchangeRow {
  readonly requestId: string;
  readonly method: string;
  readonly surface: string;
  /** The client's address. */
  readonly peer: string;
  readonly principal: string | undefined;
  readonly ageMs: number;
  readonly received: Moved;
  readonly sent: Moved;
  readonly dropped: number;
  readonly healed: number;
  readonly credit: { readonly messages: number; readonly bytes?: number | undefined } | undefined;
  readonly waiting: {
    readonly gatewayBytes: number;
    readonly socketBytes: number | undefined;
    readonly windowBytes: number | undefined;
    readonly windowLeftBytes: number | undefined;
  };
  readonly stalled: { readonly by: 'client' | 'service'; readonly forMs: number } | undefined;
}

/** What an exchange is counted by while it runs. */
export interface SeenExchange {
  readonly running: RunningExchange;
  readonly progress: Progress;
  /** When it began, in milliseconds of `performance`. */
  readonly begunAt: number;
}

/** How it stands now. */
export function rowOf(
  { running, progress, begunAt }: SeenExchange,
  stall: StallLimit | undefined,
): ExchangeRow {
  const { requestId, source, principal, surface, request, peer } = running;
  progress.settle();
  const { call, outgoing } = progress;
  const window = call?.waiting?.();
  const stalled = stall?.stalled;
  return {
    requestId,
    method: request.method.path.slice(1),
    surface: surface.name,
    peer: source.address,
    principal: nameOfPrincipal(principal),
    ageMs: Math.round(performance.now() - begunAt),
    received: { messages: progress.received, bytes: progress.receivedBytes },
    sent: { messages: progress.sent, bytes: progress.sentBytes },
    dropped: progress.dropped,
    healed: progress.healed,
    credit: outgoing?.creditLeft?.(),
    waiting: {
      gatewayBytes: progress.heldBytes,
      socketBytes: peer.socketBytes,
      windowBytes: window?.windowBytes,
      windowLeftBytes: window?.windowLeftBytes,
    },
    stalled: stalled && { by: stalled.side, forMs: Math.round(stalled.forMs) },
  };
}
