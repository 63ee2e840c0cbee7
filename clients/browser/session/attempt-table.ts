import { Code } from '../shared/code.js';
import { SluiceError } from '../shared/sluice-error.js';
import type { Attempt, AttemptEvents } from './call-transport.js';
import {
  cancelFrame,
  creditFrame,
  halfCloseFrame,
  messageFrame,
  type OpenFrame,
  openFrame,
  stopFrame,
} from './client-frame.js';
import type { CreditAmount } from './receive-window.js';
import type { ServerFrame } from './session-frame.js';

/** An attempt on a session, from its `open` frame to its `end` frame. */
interface OpenAttempt {
  /** How many more messages the gateway may send, and bytes; infinite where they are not counted. */
  receiveCredit: number;
  receiveBytes: number;
  /** What this client may still send. Kept only to detect a gateway that grants more than the protocol allows. */
  sendCredit: number;
  sendBytes: number;
  /** Undefined after `cancel`: the frames that still arrive are ignored until the `end` frame. */
  events: AttemptEvents | undefined;
}

/** A frame that belongs to one call. */
type AttemptFrame = Exclude<ServerFrame, { readonly type: 'pong' | 'authExpires' | 'goAway' }>;

/** The attempts on one session, by the id of their call. */
export interface AttemptTable {
  /** Open attempts, and cancelled ones whose `end` frame has not arrived. */
  readonly size: number;
  /** Whether there are ids for further attempts. */
  readonly hasIds: boolean;
  /** Begins an attempt under a new id, and sends its `open` frame. */
  begin(open: OpenFrame, events: AttemptEvents): Attempt;
  /** Gives a frame to its attempt. Throws INTERNAL for a frame that the protocol does not allow now. */
  take(frame: AttemptFrame): void;
  goAway(): void;
  /** Ends all attempts with this error. */
  end(error: SluiceError): void;
}

/** The part of a session's WebSocket that its attempts use. */
export interface AttemptSocket {
  send(text: string): void;
  /** Resolves when the browser's send buffer has room. Rejects with the signal's reason. */
  whenRoom(signal: AbortSignal): Promise<void>;
  /** Whether the gateway may be told of bytes. */
  readonly countsBytes: boolean;
}

/** The largest id: ids are uint32. */
const MAX_ID = 4_294_967_295;
/** The most credit in one direction (PROTOCOL.md, section 12). */
const MAX_CREDIT = 2_147_483_647;

/** Creates an empty table. */
export function createAttemptTable(socket: AttemptSocket): AttemptTable {
  const attempts = new Map<number, OpenAttempt>();
  let lastId = 0;

  const attemptOf = (id: number): OpenAttempt => {
    const attempt = attempts.get(id);
    if (attempt === undefined)
      throw protocolError(`the gateway sent a frame for call ${id}, which is not open`);
    return attempt;
  };
  const addCredit = (attempt: OpenAttempt, { messages, bytes }: CreditAmount) => {
    attempt.sendCredit += messages;
    attempt.sendBytes += bytes;
    const isPast = attempt.sendBytes > MAX_CREDIT && attempt.sendBytes !== Number.POSITIVE_INFINITY;
    if (attempt.sendCredit > MAX_CREDIT || isPast) throw protocolError('the gateway granted too much credit');
    if (messages > 0 || bytes > 0) attempt.events?.onCredit({ messages, bytes });
  };
  return {
    get size() {
      return attempts.size;
    },
    get hasIds() {
      return lastId < MAX_ID;
    },
    begin(wanted, events) {
      lastId += 1;
      const id = lastId;
      const open = socket.countsBytes ? wanted : { ...wanted, creditBytes: 0 };
      const attempt: OpenAttempt = {
        receiveCredit: open.credit,
        receiveBytes: open.creditBytes || Number.POSITIVE_INFINITY,
        sendCredit: 0,
        sendBytes: 0,
        events,
      };
      attempts.set(id, attempt);
      const write = (text: string) => {
        // After its end a call must not send, and a closed socket cannot: `end` removes all attempts.
        if (attempts.has(id)) socket.send(text);
      };
      write(openFrame(id, open));
      return {
        send(message, bytes) {
          attempt.sendCredit -= 1;
          attempt.sendBytes -= bytes;
          write(messageFrame(id, message));
        },
        whenRoom: (signal) => socket.whenRoom(signal),
        halfClose: () => write(halfCloseFrame(id)),
        grant(amount) {
          const bytes = open.creditBytes > 0 ? amount.bytes : 0;
          if (amount.messages === 0 && bytes === 0) return;
          attempt.receiveCredit += amount.messages;
          attempt.receiveBytes += bytes;
          write(creditFrame(id, { messages: amount.messages, bytes }));
        },
        stop: () => write(stopFrame(id)),
        cancel() {
          if (attempt.events === undefined) return;
          attempt.events = undefined;
          write(cancelFrame(id));
        },
      };
    },
    take(frame) {
      const attempt = attemptOf(frame.id);
      switch (frame.type) {
        case 'opened':
          attempt.events?.onOpened();
          attempt.events?.onLocation(frame.location);
          addCredit(attempt, {
            messages: frame.credit,
            bytes: frame.creditBytes || Number.POSITIVE_INFINITY,
          });
          return;
        case 'credit':
          addCredit(attempt, frame);
          return;
        case 'headers':
          attempt.events?.onHeaders(frame.metadata);
          return;
        case 'message':
          if (attempt.receiveCredit === 0 || attempt.receiveBytes <= 0) {
            throw protocolError(`the gateway sent more messages than the credit of call ${frame.id} allows`);
          }
          attempt.receiveCredit -= 1;
          attempt.receiveBytes -= frame.bytes;
          attempt.events?.onMessage(frame.data, frame.cursor, frame.bytes);
          return;
        case 'dropped':
          attempt.events?.onDropped(frame.count);
          return;
        case 'gap':
          attempt.events?.onGap(frame.gap);
          return;
        case 'end':
          attempts.delete(frame.id);
          attempt.events?.onEnd(frame.end);
      }
    },
    goAway() {
      for (const { events } of [...attempts.values()]) events?.onGoAway();
    },
    end(error) {
      const ending = [...attempts.values()];
      attempts.clear();
      for (const { events } of ending) events?.onEnd({ error, trailers: {} });
    },
  };
}

function protocolError(text: string): SluiceError {
  return new SluiceError(Code.INTERNAL, text);
}
