import { abortable } from '../../retry/abortable.js';
import { wait } from '../../retry/wait.js';
import { type CallScope, openCallScope } from '../shared/call-scope.js';
import { Code, isRetryable } from '../shared/code.js';
import { createDeferred, type Deferred } from '../shared/deferred.js';
import {
  mayReconnect,
  type Reconnect,
  type ReconnectOptions,
  reconnectDelayMs,
} from '../shared/reconnect.js';
import { SluiceError } from '../shared/sluice-error.js';
import type { Attempt, AttemptEvents, CallTransport } from './call-transport.js';
import type { OpenFrame } from './client-frame.js';
import type { CallEnd, Metadata } from './session-frame.js';
import type { SessionPool } from './session-pool.js';

/** The call that the attempts belong to: they ask it what to send, and give it their events. */
export interface AttemptOwner extends Omit<AttemptEvents, 'onGoAway' | 'onEnd'> {
  /** Called before each attempt. */
  metadata(): Metadata | Promise<Metadata>;
  /** The `open` frame of the next attempt. Called in the tick in which it begins and the attempt before it is cancelled. */
  nextOpenFrame(metadata: Metadata): OpenFrame;
  /** An attempt has begun, and replaces the one before. */
  onAttempt(attempt: Attempt): void;
  /** Whether the call may send more than one message, which only a WebSocket carries. */
  mayNeedWebSocket(): boolean;
  /** Whether the call can resume after the last message received. */
  canResume(): boolean;
  /** Whether the call is not where it was, so that its method must be called again; the next `open` frame does so. */
  isElsewhere(error: SluiceError): boolean;
  onReconnect(reconnect: Reconnect): void;
}

export interface AttemptsOptions {
  readonly pool: SessionPool;
  readonly scope: CallScope;
  readonly reconnects: ReconnectOptions;
  /** The call has a `timeoutMs`: then DEADLINE_EXCEEDED is final. */
  readonly hasTimeout: boolean;
}

interface AttemptEnd extends CallEnd {
  /**
   * The gateway refused the call because it shuts down, or does not know credit in bytes. The service has not seen it, so every call may be
   * tried again.
   */
  readonly refused: boolean;
}

interface RunningAttempt {
  readonly attempt: Attempt;
  readonly ended: Deferred<AttemptEnd>;
  /** Resolves when the gateway shuts down and the call can resume elsewhere. */
  readonly shouldMove: Deferred<'move'>;
  over: boolean;
}

/** What the attempts of one call share. */
interface AttemptsState extends AttemptsOptions {
  readonly owner: AttemptOwner;
  /** Attempts in a row that brought no message. */
  failures: number;
  /** The gateway has let the last attempt in. */
  admitted: boolean;
}

/**
 * Runs a call to its end, in one attempt or several. A call that can resume goes on after the last message received: on another session
 * while its gateway shuts down, and with back-off after a lost connection or a temporary error. Never rejects.
 */
export async function runAttempts(owner: AttemptOwner, options: AttemptsOptions): Promise<CallEnd> {
  const state: AttemptsState = { ...options, owner, failures: 0, admitted: false };
  const { scope, reconnects } = options;
  let running: RunningAttempt | undefined;
  for (;;) {
    let end: AttemptEnd;
    try {
      running ??= await begin(state, scope.signal, undefined);
      const next = await endOrMove(running, state);
      if ('attempt' in next) {
        running = next;
        continue;
      }
      end = next;
    } catch (reason) {
      end = { error: scope.errorFrom(reason), trailers: {}, refused: false };
    }
    running = undefined;
    const { error } = end;
    if (error === undefined || scope.signal.aborted || !mayReconnect(state.failures, reconnects)) return end;
    if (!end.refused && !mayResume(error, state)) return end;
    state.failures += 1;
    // The pool does not use the session that refused, and waits as long as its gateway asked for.
    if (end.refused) continue;
    const delayMs = reconnectDelayMs(state.failures, reconnects, error.retryAfterMs);
    owner.onReconnect({ attempt: state.failures, delayMs, error });
    await wait(delayMs, scope.signal).catch(() => undefined);
  }
}

function mayResume(error: SluiceError, { hasTimeout, owner, pool, admitted }: AttemptsState): boolean {
  if (hasTimeout && error.code === Code.DEADLINE_EXCEEDED) return false;
  // A token that was good: another one may be as well.
  const wasGood = admitted || error.reason === 'CREDENTIAL_EXPIRED';
  const isExpired = () => error.code === Code.UNAUTHENTICATED && wasGood && pool.renewToken();
  return (isRetryable(error.code) || isExpired() || owner.isElsewhere(error)) && owner.canResume();
}

/** Begins an attempt, and cancels the one before in the same tick: the messages that it would still bring arrive on the new one. */
async function begin(
  state: AttemptsState,
  signal: AbortSignal,
  before: RunningAttempt | undefined,
): Promise<RunningAttempt> {
  const { owner, pool } = state;
  const metadata = await abortable(Promise.resolve(owner.metadata()), signal);
  return await pool.begin(signal, owner.mayNeedWebSocket(), (transport) => {
    if (before?.over) throw new SluiceError(Code.CANCELLED, 'the call ended before it could move');
    before?.attempt.cancel();
    return startAttempt(state, transport, owner.nextOpenFrame(metadata));
  });
}

function startAttempt(state: AttemptsState, transport: CallTransport, open: OpenFrame): RunningAttempt {
  const { owner, scope } = state;
  let opened = false;
  state.admitted = false;
  const end = (attemptEnd: AttemptEnd) => {
    running.over = true;
    scope.signal.removeEventListener('abort', onAbort);
    running.ended.resolve(attemptEnd);
  };
  const moveIfLeaving = () => {
    if (transport.leaving && owner.canResume()) running.shouldMove.resolve('move');
  };
  const attempt = transport.begin(open, {
    ...owner,
    onOpened() {
      opened = true;
      owner.onOpened();
    },
    onLocation(location) {
      state.admitted = true;
      owner.onLocation(location);
    },
    onMessage(data, cursor, bytes) {
      state.failures = 0;
      owner.onMessage(data, cursor, bytes);
      moveIfLeaving();
    },
    onGoAway: moveIfLeaving,
    onEnd(callEnd) {
      const isLeaving = transport.leaving && callEnd.error?.code === Code.UNAVAILABLE;
      const refused = !opened && (isLeaving || transport.refusedBytes);
      end({ ...callEnd, refused });
    },
  });
  const running: RunningAttempt = {
    attempt,
    ended: createDeferred(),
    shouldMove: createDeferred(),
    over: false,
  };
  const onAbort = () => {
    attempt.cancel();
    end({ error: scope.signal.reason as SluiceError, trailers: {}, refused: false });
  };
  scope.signal.addEventListener('abort', onAbort, { once: true });
  owner.onAttempt(attempt);
  return running;
}

/** The end of an attempt, or the next attempt if the gateway shuts down and the call has moved. */
async function endOrMove(
  running: RunningAttempt,
  state: AttemptsState,
): Promise<AttemptEnd | RunningAttempt> {
  const first = await Promise.race([running.ended.promise, running.shouldMove.promise]);
  if (first !== 'move') return first;
  // The call continues here until another session is ready, and may end here before.
  const moving = openCallScope({ signal: state.scope.signal });
  running.ended.promise.then(
    () => moving.close(),
    () => undefined,
  );
  try {
    for (let tries = 0; mayReconnect(tries, state.reconnects) && !running.over; ) {
      try {
        const next = await begin(state, moving.signal, running);
        return next;
      } catch {
        tries += 1;
        await wait(reconnectDelayMs(tries, state.reconnects), moving.signal).catch(() => undefined);
      }
    }
    return await running.ended.promise;
  } finally {
    moving.close();
  }
}
