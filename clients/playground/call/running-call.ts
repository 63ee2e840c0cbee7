import type { Client, JoinOptions } from '../../browser/index.js';
import { metadataOf } from '../json/request-input.js';
import type { MethodEntry } from '../schema/services.js';
import { type CallResult, endFrom } from './call-result.js';
import { createPauseGate } from './pause-gate.js';

/** Where a call goes on that has begun before: in a visit of the page before this one, or elsewhere. */
export interface CallPlace {
  /** Of a detached call, which is joined there; "" for a call that is made. */
  readonly location: string;
  /** Of the last message that the page has had; "" before the first one. */
  readonly cursor: string;
  /** Calls with the same key and request are one; "" for none. */
  readonly key: string;
}

export interface CallEvents {
  /** `cursor`: its id in a stream that resumes, else empty. */
  onMessage(message: unknown, cursor: string): void;
  /** An event to show that is not a message: a reconnect, a gap. */
  onNote(text: string): void;
  /** The call is detached, and found there. */
  onLocation(location: string): void;
  /** Called once, at the end. */
  onEnd(end: CallResult): void;
}

/** A call in flight. Functions that its kind of method does not have are absent. */
export interface RunningCall {
  /** Leaves a detached call, which goes on. */
  cancel(): void;
  /** Ends a detached call for everybody who reads it. Absent where a call cannot be one. */
  readonly stop?: () => Promise<void>;
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
  /** The call goes on without its page. */
  readonly detach: boolean;
  readonly place: CallPlace;
  readonly events: CallEvents;
}

/** Starts a call of any kind, or joins one. `onEnd` reports its end, with OK or an error; nothing is thrown. */
export function startCall(start: CallRequest): RunningCall {
  const { method, detach, place } = start;
  return method.kind === 'unary' && !detach && place.location === '' ? startUnary(start) : startStream(start);
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
function startStream(start: CallRequest): RunningCall {
  const { client, method, request, headers, detach, place, events } = start;
  const gate = createPauseGate();
  const joins = place.location !== '';
  const sends = !joins && (method.kind === 'client_stream' || method.kind === 'bidi_stream');
  const requestId = headers['x-request-id'] ?? newRequestId();
  const options: JoinOptions = {
    cursor: place.cursor,
    metadata: { ...metadataOf(headers), 'x-request-id': requestId },
    credit: PAGE_CREDIT,
    onReconnect: ({ attempt, delayMs, error }) =>
      events.onNote(`${error.message}; reconnect attempt ${attempt} in ${(delayMs / 1000).toFixed(1)} s`),
    onGap: (gap) => events.onNote(`messages were lost: ${JSON.stringify(gap)}`),
    onDropped: (count) => events.onNote(`the gateway left out ${count} messages because this page was slow`),
  };
  const call = joins
    ? client.join(place.location, options)
    : client.call(method.path, {
        ...options,
        ...(sends ? {} : { request }),
        ...(detach && { detach }),
        ...(place.key !== '' && { idempotencyKey: place.key }),
      });
  void call.location.then((location) => {
    if (location !== undefined) events.onLocation(location);
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
    async stop() {
      await call.stop();
      gate.end();
    },
    ...(sends ? { send: call.send, halfClose: call.end } : {}),
    ...(method.kind === 'client_stream' || method.kind === 'unary'
      ? {}
      : { pause: gate.close, resume: gate.open, slowTo: gate.slowTo }),
  };
}

/** Cannot be guessed: who knows it may ask how the call stands, or get what it gets. */
export function newRequestId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `page-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
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
