import { openCallScope } from '../shared/call-scope.js';
import { type Code, codeFromNumber } from '../shared/code.js';
import type { HttpEndpoint } from '../shared/http-endpoint.js';
import { askLocation } from './ask-location.js';
import { cursorFromId } from './http-metadata.js';
import type { Metadata } from './session-frame.js';

/** How a detached call stands (PROTOCOL.md, section 22). */
export interface CallState {
  readonly state: 'running' | 'ended';
  /** The gRPC code that the call has ended with; undefined while it runs. */
  readonly code: Code | undefined;
  /** The cursor of the oldest message that is kept, and of the newest one; empty without messages. */
  readonly firstCursor: string;
  readonly lastCursor: string;
}

/** Asks how the call at a location stands. Rejects with a `SluiceError`. */
export async function callState(
  endpoint: HttpEndpoint,
  location: string,
  metadataOf: () => Metadata | Promise<Metadata>,
  signal: AbortSignal | undefined,
): Promise<CallState> {
  const scope = openCallScope({ signal, endsWithPage: true });
  try {
    const headers = await askLocation(endpoint, location, 'HEAD', await metadataOf(), scope.signal);
    const text = (name: string) => headers.get(name) ?? '';
    const status = headers.get('grpc-status');
    return {
      state: status === null ? 'running' : 'ended',
      code: status === null ? undefined : codeFromNumber(Number(status)),
      firstCursor: cursorFromId(text('sluice-first-event-id')),
      lastCursor: cursorFromId(text('sluice-last-event-id')),
    };
  } catch (cause) {
    throw scope.errorFrom(cause);
  } finally {
    scope.close();
  }
}
