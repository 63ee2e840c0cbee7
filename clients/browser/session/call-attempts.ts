import { type Backoff, backoffMs, wait } from '../../retry/index.js';
import { abortable } from '../shared/abortable.js';
import { type CallScope, openCallScope } from '../shared/call-scope.js';
import { Code, isRetryable } from '../shared/code.js';
import { createDeferred, type Deferred } from '../shared/deferred.js';
import { SluiceError } from '../shared/sluice-error.js';
import type { AttemptEvents } from './attempt-table.js';
import type { CallEnd, Metadata, OpenFrame } from './session-frame.js';
import type { SessionPool } from './session-pool.js';
import type { Attempt, SessionSocket } from './session-socket.js';

/** A reconnect that is about to be tried. */
export interface Reconnect {
  /** Tries in a row without a message, this one included. */
  readonly attempt: number;
  readonly delayMs: number;
  readonly error: SluiceError;
}

/** What the attempts of a call ask of it, and what they tell it. */
export interface AttemptOwner extends Omit<AttemptEvents, 'onGoAway' | 'onEnd'> {
  /** Asked before each attempt. */
  metadata(): Metadata | Promise<Metadata>;
  /** What the next attempt is opened with. Asked in the tick in which it begins and the one before it, if any, is left. */
  nextOpenFrame(metadata: Metadata): OpenFrame;
  /** An attempt has begun. It is the only one that counts from now on. */
  onAttempt(attempt: Attempt): void;
  /** Whether the call may have more than one message to send: only a WebSocket carries those. */
  mayNeedWebSocket(): boolean;
  /** Whether the call can go on elsewhere after the last message that came. */
  canResume(): boolean;
  onReconnect(reconnect: Reconnect): void;
}

export interface AttemptsOptions {
  readonly pool: SessionPool;
  readonly scope: CallScope;
  /** Tries in a row that bring no message before the error is the end. */
  readonly maxReconnects: number;
  readonly backoff: Backoff;
  /** The caller gave the call its time: then a deadline that passes is its end. */
  readonly hasTimeout: boolean;
}

interface AttemptEnd extends CallEnd {
  /** The gateway refused the call because it goes: the service was never asked, so any call may be tried again. */
  readonly refused: boolean;
}

interface RunningAttempt {
  readonly attempt: Attempt;
  readonly ended: Deferred<AttemptEnd>;
  /** Resolves when the gateway goes and the call can go on elsewhere. */
  readonly shouldMove: Deferred<'move'>;
  over: boolean;
}

/**
 * Brings a call to its end, over one session or several. Where it can resume, it goes on after the last message that came: on
 * another session before its gateway has gone, and after a lost socket or a retryable error with back-off. Never rejects.
 */
export async function runAttempts(owner: AttemptOwner, options: AttemptsOptions): Promise<CallEnd> {
  const { scope, maxReconnects, backoff } = options;
  const progress = { failures: 0 };
  let running: RunningAttempt | undefined;
  for (;;) {
    let end: AttemptEnd;
    try {
      running ??= await begin(owner, options, progress, scope.signal, undefined);
      const next = await follow(running, owner, options, progress);
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
    if (error === undefined || scope.signal.aborted || progress.failures >= maxReconnects) return end;
    if (!end.refused && !goesOn(error, owner, options)) return end;
    progress.failures += 1;
    // The session that refused is not taken again, and the pool keeps to the time that its gateway asked for.
    if (end.refused) continue;
    const delayMs = Math.min(
      backoff.maxMs,
      Math.max(error.retryAfterMs ?? 0, backoffMs(progress.failures, backoff, Math.random)),
    );
    owner.onReconnect({ attempt: progress.failures, delayMs, error });
    await wait(delayMs, scope.signal).catch(() => undefined);
  }
}

function goesOn(error: SluiceError, owner: AttemptOwner, { hasTimeout }: AttemptsOptions): boolean {
  if (hasTimeout && error.code === Code.DEADLINE_EXCEEDED) return false;
  return isRetryable(error.code) && owner.canResume();
}

/** Begins an attempt, and leaves the one before in the same tick: what it still sends comes again on the new one. */
async function begin(
  owner: AttemptOwner,
  { pool, scope }: AttemptsOptions,
  progress: { failures: number },
  signal: AbortSignal,
  before: RunningAttempt | undefined,
): Promise<RunningAttempt> {
  const metadata = await abortable(Promise.resolve(owner.metadata()), signal);
  return await pool.begin(signal, owner.mayNeedWebSocket(), (session) => {
    if (before?.over) throw new SluiceError(Code.CANCELLED, 'the call has ended where it was');
    before?.attempt.cancel();
    return startAttempt(owner, session, owner.nextOpenFrame(metadata), progress, scope.signal);
  });
}

function startAttempt(
  owner: AttemptOwner,
  session: SessionSocket,
  open: OpenFrame,
  progress: { failures: number },
  signal: AbortSignal,
): RunningAttempt {
  let opened = false;
  const end = (attemptEnd: AttemptEnd) => {
    running.over = true;
    signal.removeEventListener('abort', onAbort);
    running.ended.resolve(attemptEnd);
  };
  const lookAround = () => {
    if (session.leaving && owner.canResume()) running.shouldMove.resolve('move');
  };
  const attempt = session.begin(open, {
    onOpened() {
      opened = true;
      owner.onOpened();
    },
    onCredit: (messages) => owner.onCredit(messages),
    onHeaders: (metadata) => owner.onHeaders(metadata),
    onMessage(data, cursor) {
      progress.failures = 0;
      owner.onMessage(data, cursor);
      lookAround();
    },
    onDropped: (count) => owner.onDropped(count),
    onGap: (gap) => owner.onGap(gap),
    onGoAway: lookAround,
    onEnd: (attemptEnd) =>
      end({
        ...attemptEnd,
        refused: !opened && session.leaving && attemptEnd.error?.code === Code.UNAVAILABLE,
      }),
  });
  const running: RunningAttempt = {
    attempt,
    ended: createDeferred(),
    shouldMove: createDeferred(),
    over: false,
  };
  const onAbort = () => {
    attempt.cancel();
    end({ error: signal.reason as SluiceError, trailers: {}, refused: false });
  };
  signal.addEventListener('abort', onAbort, { once: true });
  owner.onAttempt(attempt);
  return running;
}

/** The end of an attempt, or the next attempt when the gateway went and the call has moved. */
async function follow(
  running: RunningAttempt,
  owner: AttemptOwner,
  options: AttemptsOptions,
  progress: { failures: number },
): Promise<AttemptEnd | RunningAttempt> {
  const first = await Promise.race([running.ended.promise, running.shouldMove.promise]);
  if (first !== 'move') return first;
  // The call goes on where it is until there is another place, and may end there.
  const moving = openCallScope({ signal: options.scope.signal });
  running.ended.promise.then(
    () => moving.close(),
    () => undefined,
  );
  try {
    for (let attempt = 1; attempt <= options.maxReconnects && !running.over; attempt += 1) {
      try {
        const next = await begin(owner, options, progress, moving.signal, running);
        return next;
      } catch {
        await wait(backoffMs(attempt, options.backoff, Math.random), moving.signal).catch(() => undefined);
      }
    }
    return await running.ended.promise;
  } finally {
    moving.close();
  }
}
