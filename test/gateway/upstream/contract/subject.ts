import type { Call, Transport, TransportOptions } from '../../../../gateway/upstream/index.js';
import { settled } from '../../../support/http.js';

/** What a library under a transport cannot do better. The contract then asks for less, and says so. */
export interface DeclaredLimits {
  /** Messages that had arrived may be lost when a failure comes; the status must then be `truncated`. */
  readonly losesMessagesBeforeFailure: boolean;
  /** Messages of any size held beyond `readAheadBytes`. */
  readonly messagesReadAhead: number;
  /** A peer's stream limit is not seen: further calls wait in a hidden queue. */
  readonly isBlindToStreamLimit: boolean;
  /** `close` cannot tell when the sockets are gone. */
  readonly closesSocketsLater: boolean;
}

/** A transport that has to keep the contract. */
export interface Subject {
  readonly name: string;
  readonly open: (options: TransportOptions) => Transport;
  readonly limits: DeclaredLimits;
}

/** A signal that nobody aborts. */
export function neverAborted(): AbortSignal {
  return new AbortController().signal;
}

/** Resolves when the condition holds; a test's own time limit bounds it. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}

/** Everything a call brings, read to the end. */
export async function readToEnd(call: Call): Promise<{ messages: Uint8Array[] }> {
  const messages: Uint8Array[] = [];
  for (let batch = await call.read(); batch; batch = await call.read())
    for (const message of batch) messages.push(Buffer.from(message));
  return { messages };
}

/** The value once it has not changed for a while: shows that something stands still. */
export function untilQuiet(value: () => number, quietMs = 250): Promise<number> {
  return settled(value, quietMs);
}

export function texts(messages: Iterable<Uint8Array>): string[] {
  return Array.from(messages, (message) => Buffer.from(message).toString());
}
