import { type Client, SluiceError } from '../browser/index.js';
import { createPauseGate } from './pause-gate.js';
import type { MethodEntry } from './services.js';

/** How a call ended, as the page shows it. */
export interface CallEnd {
  readonly code: number;
  readonly status: string;
  readonly message: string;
  readonly details: readonly unknown[];
  /** Trailing metadata, or response headers of a unary call. */
  readonly metadata: Readonly<Record<string, unknown>>;
}

export interface CallEvents {
  onMessage(message: unknown): void;
  /** Something the person should know that is no message: a reconnect, a gap. */
  onNote(text: string): void;
  /** Once, at the very end. */
  onEnd(end: CallEnd): void;
}

/** A call in flight. What a kind of method cannot do is absent. */
export interface RunningCall {
  cancel(): void;
  readonly pause?: () => void;
  readonly resume?: () => void;
  readonly send?: (message: unknown) => Promise<void>;
  readonly halfClose?: () => Promise<void>;
}

export interface CallStart {
  readonly client: Client;
  readonly method: MethodEntry;
  readonly request: unknown;
  readonly headers: Readonly<Record<string, string>>;
  readonly events: CallEvents;
}

/** Starts a call of any kind. Its end, good or bad, is told by `onEnd`; nothing is thrown. */
export function startCall(start: CallStart): RunningCall {
  switch (start.method.kind) {
    case 'unary':
      return startUnary(start);
    case 'server_stream':
    case 'client_stream':
    case 'bidi_stream':
      return startStream(start);
  }
}

function startUnary({ client, method, request, headers, events }: CallStart): RunningCall {
  const controller = new AbortController();
  let metadata = {};
  const onHeaders = (answer: Headers) => {
    metadata = Object.fromEntries([...answer].filter(([name]) => /^grpc-(metadata|trailer)-/.test(name)));
  };
  client.unary(method.path, request, { headers, signal: controller.signal, onHeaders }).then(
    (message) => {
      events.onMessage(message);
      events.onEnd(endFrom(undefined, metadata));
    },
    (reason: unknown) => events.onEnd(endFrom(reason, metadata)),
  );
  return { cancel: () => controller.abort() };
}

/** On the session, where a pause of this page is a pause of the service in every browser: over HTTP Firefox reads on without bound. */
function startStream({ client, method, request, headers, events }: CallStart): RunningCall {
  const gate = createPauseGate();
  const sends = method.kind !== 'server_stream';
  const call = client.call(method.path, {
    ...(sends ? {} : { request }),
    metadata: metadataFromHeaders(headers),
    onReconnect: ({ attempt, delayMs, error }) =>
      events.onNote(`${error.message}; try ${attempt} to resume in ${(delayMs / 1000).toFixed(1)} s`),
    onGap: (gap) => events.onNote(`Messages are missing: ${JSON.stringify(gap)}`),
    onDropped: (count) => events.onNote(`${count} left out, because this page was slow`),
  });
  const run = async () => {
    try {
      const breathe = createBreather();
      for await (const message of call.messages) {
        events.onMessage(message);
        await breathe();
        // Held here the loop asks for nothing, so it grants nothing and the service waits.
        await gate.passed();
      }
      events.onEnd(endFrom(undefined, await call.trailers));
    } catch (reason) {
      events.onEnd(endFrom(reason, await call.trailers));
    }
  };
  void run();
  return {
    cancel() {
      call.cancel();
      gate.open();
    },
    ...(sends ? { send: call.send, halfClose: call.end } : {}),
    ...(method.kind === 'client_stream' ? {} : { pause: gate.close, resume: gate.open }),
  };
}

/** What the headers of an HTTP request would have been at the service (PROTOCOL.md, section 3). */
function metadataFromHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.replace(/^grpc-metadata-/, ''), value]),
  );
}

/** How long messages may keep the page from drawing and listening, in milliseconds. */
const WORK_MS = 10;

/**
 * Gives the browser a turn after each `WORK_MS` of messages. A service that is faster than the page is held back by that, as by
 * any slow reader, instead of freezing the page.
 */
function createBreather(): () => Promise<void> {
  let sinceMs = performance.now();
  return async () => {
    if (performance.now() - sinceMs < WORK_MS) return;
    await new Promise((resolve) => setTimeout(resolve));
    sinceMs = performance.now();
  };
}

function endFrom(reason: unknown, metadata: Readonly<Record<string, unknown>>): CallEnd {
  if (reason === undefined) return { code: 0, status: 'OK', message: '', details: [], metadata };
  if (reason instanceof SluiceError) {
    const { code, status, message, details } = reason;
    return { code, status, message, details, metadata };
  }
  const message = reason instanceof Error ? reason.message : String(reason);
  return { code: 2, status: 'UNKNOWN', message, details: [], metadata };
}
