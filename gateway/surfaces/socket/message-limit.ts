import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { RpcError } from '../../status/index.js';
import type { UnfinishedMessage } from '../exchange/index.js';
import { isFilling } from '../liveness/index.js';
import { FrameTracker } from './frame-tracker.js';

/** What a message may grow to after we have closed its socket. */
const CLOSING_BYTES = 64 * 1024;

export interface MessageLimit {
  /** How long a message that has begun may take, in milliseconds. */
  readonly timeoutMs: number;
  /** We are not reading now: then the client is not to blame, and its time begins anew. */
  readonly isPaused: () => boolean;
  /** A message is due, so its time has begun although it has not. Absent: none ever is, and nobody looks before one has begun. */
  readonly isExpecting?: (() => boolean) | undefined;
  /** Where a message counts until it is whole. */
  readonly unfinished: UnfinishedMessage;
  /** The time is over. At most once; whoever is told ends the socket. */
  readonly onLate: (reason: RpcError) => void;
}

/**
 * Bounds the time in which a WebSocket message that has begun must be whole, and counts what it holds until then: a frame that trickles, or
 * fragments without a last one, would hold what has come for ever, and answers to pings may come between them. What still comes of a message
 * when we have closed the socket is dropped: the library would go on holding it, for a whole crowd that was refused. Must run in the tick in
 * which the socket opens. Stops by itself when the socket closes.
 */
export function boundSocketMessages(
  socket: WebSocket,
  raw: Socket,
  { timeoutMs, isPaused, isExpecting, unfinished, onLate }: MessageLimit,
): void {
  const frames = new FrameTracker();
  let since = performance.now();
  const onData = (chunk: Buffer) => {
    if (isFilling(chunk)) return;
    const { messages, isMidMessage } = frames;
    const hasBegun = isMidMessage || isExpecting?.() === true;
    frames.push(chunk);
    unfinished.holds(frames.heldBytes);
    if (frames.messages !== messages || !hasBegun) since = performance.now();
    if (frames.isMidMessage) startLooking();
    if (socket.readyState === socket.CLOSING && frames.heldBytes > CLOSING_BYTES) drop();
  };
  const onDropped = (chunk: Buffer) => {
    if (isFilling(chunk)) return;
    frames.push(chunk);
    if (frames.isClosed) socket.terminate();
  };
  // Whoever has closed the socket ends the connection in time, also where no close frame comes.
  const drop = () => {
    raw.removeAllListeners('data');
    raw.on('data', onDropped);
    raw.resume();
  };
  let timer: NodeJS.Timeout | undefined;
  let isLate = false;
  const stopLooking = () => {
    clearInterval(timer);
    timer = undefined;
  };
  const look = () => {
    const now = performance.now();
    const isDue = frames.isMidMessage || isExpecting?.() === true;
    if (isPaused() || !isDue) since = now;
    if (!isDue && isExpecting === undefined) stopLooking();
    else if (now - since >= timeoutMs) {
      isLate = true;
      stopLooking();
      onLate(
        new RpcError(
          'MESSAGE_TIMEOUT',
          `the client did not finish the message within ${timeoutMs} ms: see --message-timeout-ms`,
        ),
      );
    }
  };
  // Four looks in the time are exact enough, and cost nothing where a timer for each message would.
  const startLooking = () => {
    if (!isLate) timer ??= setInterval(look, Math.ceil(timeoutMs / 4)).unref();
  };
  if (isExpecting !== undefined) startLooking();
  // Before the one who may give the memory of what he has handed on back.
  raw.prependListener('data', onData);
  socket.on('close', () => {
    stopLooking();
    raw.off('data', onData);
    raw.off('data', onDropped);
    unfinished.holds(0);
  });
}
