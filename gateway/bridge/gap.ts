import { RpcError } from '../status/index.js';
import type { CallStart, Gap } from '../upstream/index.js';
import type { Outgoing } from './exchange.js';

/** Tells the client where the messages begin. Throws OUT_OF_RANGE where messages are missing and the surface has no place to say so. */
export function tellStart(outgoing: Outgoing, start: CallStart | undefined): void {
  if (start === undefined) return;
  if (outgoing.start !== undefined) outgoing.start(start);
  else if (start.gap !== undefined) throw gapError(start.gap);
}

/** Tells the client that messages are missing. Throws OUT_OF_RANGE where the surface has no place to say so: it must not go on as if nothing were. */
export function tellGap(outgoing: Outgoing, gap: Gap): void {
  if (outgoing.gap === undefined) throw gapError(gap);
  outgoing.gap(gap);
}

/** How a call ends that cannot go on behind a gap. */
export function gapError({ requested, resumed }: Gap): RpcError {
  return new RpcError(
    'GAP',
    'messages are missing here: ask again from the id in metadata.resumed, or from the beginning',
    {
      metadata: { requested, resumed },
    },
  );
}
