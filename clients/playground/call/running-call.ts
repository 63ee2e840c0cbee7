import { type Client, Code, SluiceError } from '../../browser/index.js';
import type { MethodEntry } from '../schema/services.js';
import { createPauseGate } from './pause-gate.js';

/** How a call ended, as the page shows it. */
export interface CallResult {
  readonly code: number;
  readonly status: string;
  readonly message: string;
  readonly details: readonly unknown[];
  /** See `SluiceError`. */
  readonly reason: string | undefined;
  readonly domain: string | undefined;
  /** Trailing metadata; for a unary call the metadata in its response headers. */
  readonly metadata: Readonly<Record<string, unknown>>;
}

export interface CallEvents {
  /** `cursor`: its id in a stream that resumes, else empty. */
  onMessage(message: unknown, cursor: string): void;
  /** An event to show that is not a message: a reconnect, a gap. */
  onNote(text: string): void;
  /** Called once, at the end. */
  onEnd(end: CallResult): void;
}

/** A call in flight. Functions that its kind of method does not have are absent. */
export interface RunningCall {
  cancel(): void;
  /** By which the gateway knows it. Absent where it has no stream. */
  readonly requestId?: string;
  readonly pause?: () => void;
  /** See `CallRunner.slowTo`. */
  readonly slowTo?: (perSecond: number) => void;
  readonly resume?: () => void;
  readonly send?: (message: unknown) => Promise<void>;
  readonly halfClose?: () => Promise<void>;
}

export interface CallRequest {
  readonly client: Client;
  readonly method: MethodEntry;
  readonly request: unknown;
  readonly headers: Readonly<Record<string, string>>;
  readonly events: CallEvents;
}

/** Starts a call of any kind. `onEnd` reports its end, with OK or an error; nothing is thrown. */
export function startCall(start: CallRequest): RunningCall {
  switch (start.method.kind) {
    case 'unary':
      return startUnary(start);
    case 'server_stream':
    case 'client_stream':
    case 'bidi_stream':
      return startStream(start);
  }
}

function startUnary({ client, method, request, headers, events }: CallRequest): RunningCall {
  const controller = new AbortController();
  let metadata = {};
  const onHeaders = (answer: Headers) => {
    metadata = Object.fromEntries([...answer].filter(([name]) => /^grpc-(metadata|trailer)-/.test(name)));
  };
  client.unary(method.path, request, { headers, signal: controller.signal, onHeaders }).then(
    (message) => {
      events.onMessage(message, '');
      events.onEnd(endFrom(undefined, metadata));
    },
    (reason: unknown) => events.onEnd(endFrom(reason, metadata)),
  );
  return { cancel: () => controller.abort() };
}

/**
 * How many messages may be on their way to the page: thousands a second arrive also where a round trip takes 50 ms, as on a busy machine. Large ones are
 * bounded by their bytes.
 */
export const PAGE_CREDIT = 256;

/** On a session, where a page that pauses also pauses the service in every browser. Over HTTP Firefox would read on without limit. */
function startStream({ client, method, request, headers, events }: CallRequest): RunningCall {
  const gate = createPauseGate();
  const sends = method.kind !== 'server_stream';
  const requestId = headers['x-request-id'] ?? newRequestId();
  const call = client.call(method.path, {
    ...(sends ? {} : { request }),
    metadata: { ...metadataFromHeaders(headers), 'x-request-id': requestId },
    credit: PAGE_CREDIT,
    onReconnect: ({ attempt, delayMs, error }) =>
      events.onNote(`${error.message}; reconnect attempt ${attempt} in ${(delayMs / 1000).toFixed(1)} s`),
    onGap: (gap) => events.onNote(`messages were lost: ${JSON.stringify(gap)}`),
    onDropped: (count) => events.onNote(`the gateway left out ${count} messages because this page was slow`),
  });
  const run = async () => {
    try {
      const yieldToBrowser = createYielding();
      for await (const message of call.messages) {
        events.onMessage(message, call.cursor);
        await yieldToBrowser();
        // While the gate is closed the loop takes no message, so it grants no credit and the service pauses.
        await gate.passed();
      }
      events.onEnd(endFrom(undefined, await call.trailers));
    } catch (reason) {
      events.onEnd(endFrom(reason, await call.trailers));
    }
  };
  void run();
  return {
    requestId,
    cancel() {
      call.cancel();
      gate.end();
    },
    ...(sends ? { send: call.send, halfClose: call.end } : {}),
    ...(method.kind === 'client_stream' ? {} : { pause: gate.close, resume: gate.open, slowTo: gate.slowTo }),
  };
}

/** Cannot be guessed: who knows it may ask how the call stands. */
function newRequestId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `page-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

/** The metadata that the headers of an HTTP request would have been (PROTOCOL.md, section 3). */
function metadataFromHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.replace(/^grpc-metadata-/, ''), value]),
  );
}

/** How long messages may keep the page from drawing and handling events, in milliseconds. */
const WORK_MS = 10;

/**
 * Returns a function that lets the browser handle events after each `WORK_MS` of messages. So a service that is faster than the page
 * is slowed down, as by any slow reader, and does not freeze the page.
 */
function createYielding(): () => Promise<void> {
  let sinceMs = performance.now();
  return async () => {
    if (performance.now() - sinceMs < WORK_MS) return;
    await new Promise((resolve) => setTimeout(resolve));
    sinceMs = performance.now();
  };
}

const NO_ORIGIN = { reason: undefined, domain: undefined };

function endFrom(reason: unknown, metadata: Readonly<Record<string, unknown>>): CallResult {
  if (reason === undefined)
    return { code: Code.OK, status: 'OK', message: '', details: [], ...NO_ORIGIN, metadata };
  if (reason instanceof SluiceError) {
    const { code, status, message, details, reason: why, domain } = reason;
    return { code, status, message, details, reason: why, domain, metadata };
  }
  const message = reason instanceof Error ? reason.message : String(reason);
  return { code: Code.UNKNOWN, status: 'UNKNOWN', message, details: [], ...NO_ORIGIN, metadata };
}
