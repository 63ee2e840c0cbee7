import type { Client } from '../../browser/index.js';
import type { MethodEntry } from '../schema/services.js';
import type { CallListener, CallRunner } from './call-runner.js';
import { createGapWatch } from './gap-watch.js';
import { createMessageRate } from './message-rate.js';
import { type CallRecord, createMessageStore } from './message-store.js';
import { newRequestId, type RunningCall, startCall } from './running-call.js';

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
  let detaches = false;
  let location = '';
  let cursor = '';

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
    get detaches() {
      return detaches;
    },
    get location() {
      return location;
    },
    get cursor() {
      return cursor;
    },
    get call() {
      return call;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    start(request, headers, given) {
      if (call !== undefined) return;
      const detach = detaches && method.recorded;
      // With a key it is the same call also where the page goes before it knows the place.
      const place = given ?? { location: '', cursor: '', key: detach ? newRequestId() : '' };
      records.clear();
      received.clear();
      gaps.clear();
      isPaused = false;
      // Who joins sends nothing.
      isHalfClosed = place.location !== '';
      location = '';
      cursor = place.cursor;
      startMs = now();
      if (cursor !== '') gaps.goOn(cursor, startMs);
      const running = startCall({
        client,
        method,
        request,
        headers,
        detach,
        place,
        events: {
          onMessage(message, id) {
            received.count(now());
            gaps.message(id, now());
            cursor = id;
            record('received', message);
          },
          onNote: (text) => record('note', text),
          onLocation(at) {
            if (call !== running) return;
            location = at;
            tell((listener) => listener.located?.(at));
            changed();
          },
          onEnd(result) {
            if (call !== running) return;
            call = undefined;
            location = '';
            tell((listener) => listener.ended?.(result, now() - startMs));
          },
        },
      });
      call = running;
      running.slowTo?.(perSecond);
      tell((listener) => listener.started?.({ request, headers, detach, place }));
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
    cancel() {
      if (location !== '') record('note', `left: the call goes on at ${location}`);
      call?.cancel();
    },
    stop: () => void call?.stop?.(),
    detach(isWanted) {
      detaches = isWanted;
      changed();
    },
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
