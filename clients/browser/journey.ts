import { type Backoff, backoffMs, wait } from '../retry/index.js';
import { type CallScope, openCallScope } from './call-scope.js';
import { Code, isRetryable } from './code.js';
import { createDeferred, type Deferred } from './deferred.js';
import type { Leg, Session } from './session.js';
import type { LegEvents } from './session-calls.js';
import type { CallEnd, Metadata, OpenFrame } from './session-frame.js';
import type { SessionPool } from './session-pool.js';
import { SluiceError } from './sluice-error.js';
import { unlessAborted } from './unless-aborted.js';

/** A reconnect that is about to be tried. */
export interface Reconnect {
  /** Tries in a row without a message, this one included. */
  readonly attempt: number;
  readonly delayMs: number;
  readonly error: SluiceError;
}

/** What a journey asks of its call, and what it tells it. */
export interface Traveller extends Omit<LegEvents, 'onGoAway' | 'onEnd'> {
  /** Asked before each leg. */
  metadata(): Metadata | Promise<Metadata>;
  /** What the next leg is opened with. Asked in the tick in which it begins and the one before it, if any, is left. */
  nextOpen(metadata: Metadata): OpenFrame;
  /** A leg has begun. It is the only one that counts from now on. */
  onLeg(leg: Leg): void;
  /** Whether the call may have more than one message to send: only a WebSocket carries those. */
  mayNeedSocket(): boolean;
  /** Whether the call can go on elsewhere after the last message that came. */
  canResume(): boolean;
  onReconnect(reconnect: Reconnect): void;
}

export interface JourneyOptions {
  readonly pool: SessionPool;
  readonly scope: CallScope;
  /** Tries in a row that bring no message before the error is the end. */
  readonly maxReconnects: number;
  readonly backoff: Backoff;
  /** The caller gave the call its time: then a deadline that passes is its end. */
  readonly hasTimeout: boolean;
}

interface LegEnd extends CallEnd {
  /** The gateway refused the call because it goes: the service was never asked, so any call may be tried again. */
  readonly refused: boolean;
}

interface Stretch {
  readonly leg: Leg;
  readonly ended: Deferred<LegEnd>;
  /** Resolves when the gateway goes and the call can go on elsewhere. */
  readonly shouldMove: Deferred<'move'>;
  over: boolean;
}

/**
 * Brings a call to its end, over one session or several. Where it can resume, it goes on after the last message that came: on
 * another session before its gateway has gone, and after a lost socket or a retryable error with back-off. Never rejects.
 */
export async function travel(traveller: Traveller, options: JourneyOptions): Promise<CallEnd> {
  const { scope, maxReconnects, backoff } = options;
  const progress = { failures: 0 };
  let stretch: Stretch | undefined;
  for (;;) {
    let end: LegEnd;
    try {
      stretch ??= await begin(traveller, options, progress, scope.signal, undefined);
      const next = await follow(stretch, traveller, options, progress);
      if ('leg' in next) {
        stretch = next;
        continue;
      }
      end = next;
    } catch (reason) {
      end = { error: scope.errorFrom(reason), trailers: {}, refused: false };
    }
    stretch = undefined;
    const { error } = end;
    if (error === undefined || scope.signal.aborted || progress.failures >= maxReconnects) return end;
    if (!end.refused && !goesOn(error, traveller, options)) return end;
    progress.failures += 1;
    // The session that refused is not taken again, and the pool keeps to the time that its gateway asked for.
    if (end.refused) continue;
    const delayMs = Math.min(
      backoff.maxMs,
      Math.max(error.retryAfterMs ?? 0, backoffMs(progress.failures, backoff, Math.random)),
    );
    traveller.onReconnect({ attempt: progress.failures, delayMs, error });
    await wait(delayMs, scope.signal).catch(() => undefined);
  }
}

function goesOn(error: SluiceError, traveller: Traveller, { hasTimeout }: JourneyOptions): boolean {
  if (hasTimeout && error.code === Code.DEADLINE_EXCEEDED) return false;
  return isRetryable(error.code) && traveller.canResume();
}

/** Begins a leg, and leaves the one before in the same tick: what it still sends comes again on the new one. */
async function begin(
  traveller: Traveller,
  { pool, scope }: JourneyOptions,
  progress: { failures: number },
  signal: AbortSignal,
  before: Stretch | undefined,
): Promise<Stretch> {
  const metadata = await unlessAborted(Promise.resolve(traveller.metadata()), signal);
  return await pool.begin(signal, traveller.mayNeedSocket(), (session) => {
    if (before?.over) throw new SluiceError(Code.CANCELLED, 'the call has ended where it was');
    before?.leg.cancel();
    return startLeg(traveller, session, traveller.nextOpen(metadata), progress, scope.signal);
  });
}

function startLeg(
  traveller: Traveller,
  session: Session,
  open: OpenFrame,
  progress: { failures: number },
  signal: AbortSignal,
): Stretch {
  let opened = false;
  const end = (legEnd: LegEnd) => {
    stretch.over = true;
    signal.removeEventListener('abort', onAbort);
    stretch.ended.resolve(legEnd);
  };
  const lookAround = () => {
    if (session.leaving && traveller.canResume()) stretch.shouldMove.resolve('move');
  };
  const leg = session.begin(open, {
    onOpened() {
      opened = true;
      traveller.onOpened();
    },
    onCredit: (messages) => traveller.onCredit(messages),
    onHeaders: (metadata) => traveller.onHeaders(metadata),
    onMessage(data, cursor) {
      progress.failures = 0;
      traveller.onMessage(data, cursor);
      lookAround();
    },
    onDropped: (count) => traveller.onDropped(count),
    onGap: (gap) => traveller.onGap(gap),
    onGoAway: lookAround,
    onEnd: (legEnd) =>
      end({
        ...legEnd,
        refused: !opened && session.leaving && legEnd.error?.code === Code.UNAVAILABLE,
      }),
  });
  const stretch: Stretch = {
    leg,
    ended: createDeferred(),
    shouldMove: createDeferred(),
    over: false,
  };
  const onAbort = () => {
    leg.cancel();
    end({ error: signal.reason as SluiceError, trailers: {}, refused: false });
  };
  signal.addEventListener('abort', onAbort, { once: true });
  traveller.onLeg(leg);
  return stretch;
}

/** The end of a leg, or the next leg when the gateway went and the call has moved. */
async function follow(
  stretch: Stretch,
  traveller: Traveller,
  options: JourneyOptions,
  progress: { failures: number },
): Promise<LegEnd | Stretch> {
  const first = await Promise.race([stretch.ended.promise, stretch.shouldMove.promise]);
  if (first !== 'move') return first;
  // The call goes on where it is until there is another place, and may end there.
  const moving = openCallScope({ signal: options.scope.signal });
  stretch.ended.promise.then(
    () => moving.close(),
    () => undefined,
  );
  try {
    for (let attempt = 1; attempt <= options.maxReconnects && !stretch.over; attempt += 1) {
      try {
        const next = await begin(traveller, options, progress, moving.signal, stretch);
        return next;
      } catch {
        await wait(backoffMs(attempt, options.backoff, Math.random), moving.signal).catch(() => undefined);
      }
    }
    return await stretch.ended.promise;
  } finally {
    moving.close();
  }
}
