import { openCallScope } from '../shared/call-scope.js';
import { Code } from '../shared/code.js';
import { createDeferred } from '../shared/deferred.js';
import type { JsonObject } from '../shared/json.js';
import { keepingPlace, openKeptPlace } from '../shared/kept-place.js';
import type { Reconnect } from '../shared/reconnect.js';
import { SluiceError } from '../shared/sluice-error.js';
import { isGone } from './ask-location.js';
import { createCallAnswers, windowFrom } from './call-answers.js';
import { runAttempts } from './call-attempts.js';
import type { Call } from './call-handle.js';
import type { CallOptions } from './call-options.js';
import { createCallRequests, requestText } from './call-requests.js';
import { type CallStatus, statusFromError } from './call-status.js';
import type { Attempt } from './call-transport.js';
import type { CallEnd, Gap, Metadata } from './session-frame.js';
import type { SessionPool } from './session-pool.js';

export interface CallStart {
  readonly pool: SessionPool;
  /** "pkg.Service/Method"; empty for a call that is joined. */
  readonly method: string;
  /** Where the call is that is joined; empty for a call that begins. */
  readonly location: string;
  /** The metadata of every call of the client. Called for each attempt, so that it can return a fresh token. */
  readonly clientMetadata: () => Metadata | Promise<Metadata>;
  readonly options: CallOptions;
}

/** Begins a call. Wrong options and a request that cannot be sent throw at once; every other failure is how the call ends. */
export function openCall<Message extends JsonObject>(start: CallStart): Call<Message> {
  const { pool, method, clientMetadata, options } = start;
  const window = windowFrom(options.credit, options.creditBytes);
  const joins = start.location !== '';
  // Who joins sends nothing: its one message is never sent.
  const given = joins ? {} : options.request;
  const request = given === undefined ? undefined : requestText(given, pool.maxMessageBytes);
  const place =
    options.keepCursor === undefined
      ? undefined
      : openKeptPlace(options.keepCursor, `${method}${start.location} ${request}`);
  const scope = openCallScope(options);
  const cancel = () => scope.abort(new SluiceError(Code.CANCELLED, 'the call was cancelled'));
  let location = place?.location || start.location;
  let stopping = false;
  let attempt: Attempt | undefined;
  let dropped = 0;
  const requests = createCallRequests({
    request,
    maxMessageBytes: pool.maxMessageBytes,
    maxWaitingLength: options.maxWaitingLength ?? 16 * 1024 * 1024,
    signal: scope.signal,
    attempt: () => attempt,
  });
  const answers = createCallAnswers<Message>({
    window,
    cursor: place?.cursor || (options.cursor ?? ''),
    grant: (amount) => attempt?.grant(amount),
    cancel,
  });
  const headers = createDeferred<Metadata>();
  const located = createDeferred<void>();
  const status = createDeferred<CallStatus>();
  const trailers = createDeferred<Metadata>();

  /** A callback of the page that throws ends this call, and no other. */
  const notify = (callback: () => void) => {
    try {
      callback();
    } catch (cause) {
      scope.abort(new SluiceError(Code.UNKNOWN, 'a callback in the options of the call threw', { cause }));
    }
  };
  const finish = ({ error, trailers: received }: CallEnd) => {
    // Ends the waits of `send`.
    scope.abort(error ?? new SluiceError(Code.FAILED_PRECONDITION, 'the call has ended'));
    scope.close();
    answers.end(error);
    if (isGone(error)) place?.forget();
    headers.resolve({});
    located.resolve();
    trailers.resolve(received);
    status.resolve(statusFromError(error));
  };
  const owner = {
    async metadata() {
      try {
        return { ...(await clientMetadata()), ...options.metadata };
      } catch (cause) {
        throw new SluiceError(Code.UNKNOWN, 'the metadata function of the client failed', { cause });
      }
    },
    nextOpenFrame(metadata: Metadata) {
      requests.startAttempt();
      const { messages: credit, bytes: creditBytes } = answers.startAttempt();
      const timeoutMs = scope.remainingMs() ?? 0;
      const cursor = answers.receivedCursor;
      const calls = location === '';
      const detach = calls && options.detach === true;
      return {
        method: calls ? method : '',
        location,
        detach,
        idempotencyKey: options.idempotencyKey ?? '',
        metadata,
        timeoutMs,
        credit,
        creditBytes,
        cursor,
      };
    },
    onAttempt(next: Attempt) {
      attempt = next;
      if (stopping) next.stop();
    },
    mayNeedWebSocket: () => !requests.isSingle,
    canResume: () =>
      requests.isSingle &&
      options.resume !== false &&
      (answers.receivedCursor !== '' || (location !== '' && !answers.hasReceived)),
    isElsewhere(error: SluiceError) {
      // With a cursor of the service its own method goes on; a recording that is gone is not made again for who wanted one call.
      const { receivedCursor } = answers;
      if (joins || !isGone(error) || (options.detach && receivedCursor.startsWith('~'))) return false;
      location = '';
      return true;
    },
    onOpened: requests.onOpened,
    onLocation(told: string) {
      location = told;
      place?.keep({ location });
      located.resolve();
      if (stopping) attempt?.stop();
    },
    onCredit: requests.onCredit,
    onHeaders: headers.resolve,
    onMessage: answers.put,
    onDropped(count: number) {
      dropped += count;
      notify(() => options.onDropped?.(count));
    },
    onGap: (gap: Gap) => notify(() => options.onGap?.(gap)),
    onReconnect: (reconnect: Reconnect) => notify(() => options.onReconnect?.(reconnect)),
  };
  // PROTOCOL.md, section 22: such a cursor says that the call has ended.
  const ending = answers.receivedCursor.startsWith('~end')
    ? Promise.resolve<CallEnd>({ error: undefined, trailers: {} })
    : runAttempts(owner, { pool, scope, reconnects: options, hasTimeout: options.timeoutMs !== undefined });
  ending.then(finish, (cause: unknown) => finish({ error: scope.errorFrom(cause), trailers: {} }));

  return {
    messages: place ? keepingPlace(place, answers.messages, () => answers.takenCursor) : answers.messages,
    send: requests.send,
    end: requests.end,
    cancel,
    stop() {
      stopping = true;
      // Of what has not begun nothing is left; what is at a location is stopped there.
      if (attempt === undefined && location === '') cancel();
      attempt?.stop();
      return status.promise;
    },
    result: answers.result,
    headers: headers.promise,
    status: status.promise,
    trailers: trailers.promise,
    get location() {
      return located.promise.then(() => location || undefined);
    },
    get cursor() {
      return answers.takenCursor;
    },
    get dropped() {
      return dropped;
    },
  };
}
