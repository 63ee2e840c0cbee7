import type { Client } from '../../browser/index.js';
import type { MethodEntry } from '../schema/services.js';
import { createGapWatch, type GapWatch } from './gap-watch.js';
import { createMessageRate, type MessageRate } from './message-rate.js';
import { type CallRecord, createMessageStore, type MessageStore } from './message-store.js';
import { type CallResult, type RunningCall, startCall } from './running-call.js';

/** What a part of the page learns of the calls of a method. All are optional; none may throw. */
export interface CallListener {
  started?(): void;
  /** A message in either direction, or a note. Called for each, so it must be quick: draw later, in a frame. */
  recorded?(record: CallRecord): void;
  /** Paused, resumed, half-closed, cut. */
  changed?(): void;
  ended?(result: CallResult, durationMs: number): void;
}

/** The calls of one method, at most one at a time, and what is known of the last one. The door for every part of the page. */
export interface CallRunner {
  readonly method: MethodEntry;
  readonly isRunning: boolean;
  readonly isPaused: boolean;
  readonly isHalfClosed: boolean;
  readonly records: MessageStore;
  readonly received: MessageRate;
  readonly gaps: GapWatch;
  /** The running call; for parts that steer it. */
  readonly call: RunningCall | undefined;
  /** Returns what removes the listener again. */
  subscribe(listener: CallListener): () => void;
  /** Begins a call, unless one runs. `request` is ignored by methods that take a stream. */
  start(request: unknown, headers: Readonly<Record<string, string>>): void;
  send(message: unknown): Promise<void>;
  halfClose(): Promise<void>;
  pause(): void;
  /** Takes so many messages a second at most: 0 is none, infinity as many as come. It holds for later calls as well. */
  slowTo(perSecond: number): void;
  resume(): void;
  cancel(): void;
  /** Cuts the connection of the page under the call. */
  cut(): void;
  /** Cancels what runs, and tells the listeners nothing more. */
  close(): void;
}

export interface CallRunnerOptions {
  readonly client: Client;
  readonly method: MethodEntry;
  /** Cuts the connections of the client. Returns how many there were. */
  readonly cut: () => number;
  /** A clock in milliseconds that never goes back. Default: that of the page. */
  readonly now?: () => number;
}

export function createCallRunner(options: CallRunnerOptions): CallRunner {
  const { client, method, now = () => performance.now() } = options;
  const listeners = new Set<CallListener>();
  const records = createMessageStore();
  const received = createMessageRate();
  const gaps = createGapWatch();
  let call: RunningCall | undefined;
  let startMs = 0;
  let perSecond = Number.POSITIVE_INFINITY;
  let isPaused = false;
  let isHalfClosed = false;

  const tell = (event: (listener: CallListener) => void) => {
    for (const listener of listeners) event(listener);
  };
  const record = (direction: CallRecord['direction'], value: unknown) => {
    const made = records.add(direction, value, now() - startMs);
    tell((listener) => listener.recorded?.(made));
  };
  const changed = () => tell((listener) => listener.changed?.());

  return {
    method,
    records,
    received,
    gaps,
    get isRunning() {
      return call !== undefined;
    },
    get isPaused() {
      return isPaused;
    },
    get isHalfClosed() {
      return isHalfClosed;
    },
    get call() {
      return call;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    start(request, headers) {
      if (call !== undefined) return;
      records.clear();
      received.clear();
      gaps.clear();
      isPaused = false;
      isHalfClosed = false;
      startMs = now();
      const running = startCall({
        client,
        method,
        request,
        headers,
        events: {
          onMessage(message, cursor) {
            received.count(now());
            gaps.message(cursor, now());
            record('received', message);
          },
          onNote: (text) => record('note', text),
          onEnd(result) {
            if (call !== running) return;
            call = undefined;
            tell((listener) => listener.ended?.(result, now() - startMs));
          },
        },
      });
      call = running;
      running.slowTo?.(perSecond);
      tell((listener) => listener.started?.());
    },
    async send(message) {
      if (call?.send === undefined || isHalfClosed) return;
      record('sent', message);
      // The outcome of the call shows why it failed.
      await call.send(message).catch(() => undefined);
    },
    async halfClose() {
      if (call?.halfClose === undefined || isHalfClosed) return;
      isHalfClosed = true;
      record('note', 'half-closed: the page sends no more messages');
      changed();
      await call.halfClose().catch(() => undefined);
    },
    pause() {
      if (call?.pause === undefined) return;
      isPaused = true;
      call.pause();
      changed();
    },
    slowTo(given) {
      perSecond = given;
      call?.slowTo?.(given);
    },
    resume() {
      isPaused = false;
      call?.resume?.();
      changed();
    },
    cancel: () => call?.cancel(),
    cut() {
      if (call === undefined || options.cut() === 0) return;
      gaps.cut(now());
      record('note', 'the page has cut its connection');
      changed();
    },
    close() {
      listeners.clear();
      const running = call;
      call = undefined;
      running?.cancel();
    },
  };
}
