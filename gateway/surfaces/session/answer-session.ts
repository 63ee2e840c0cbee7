import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { watchDelivery } from '../liveness/index.js';
import { boundSocketMessages, SocketWriter, startSocketHeartbeat } from '../socket/index.js';
import { Session } from './session.js';
import type { SessionContext } from './session-context.js';
import { formatOf } from './session-format.js';

/** Runs a session on a WebSocket whose sub-protocol is one of ours. Must run in the tick of the upgrade. */
export function answerSession(socket: WebSocket, raw: Socket, options: SessionContext): void {
  const format = formatOf(socket.protocol);
  const { limits } = options;
  const frames = new SocketWriter(socket, raw, limits.maxPauseMs);
  const session = new Session(frames, format, options);
  socket.on('message', (data: Buffer, binary: boolean) => session.receive(data, binary));
  // What fails on a socket closes it, and the close is what counts.
  socket.on('error', () => {});
  socket.once('close', () => session.closed());
  startSocketHeartbeat(socket, raw, limits.heartbeatMs, () => frames.paused);
  watchDelivery(raw, limits.heartbeatMs);
  boundSocketMessages(socket, raw, {
    timeoutMs: limits.messageTimeoutMs,
    isPaused: () => frames.paused,
    // The first frame has a time of its own, and a session may be silent after it.
    isExpecting: () => false,
    unfinished: options.context.unfinished.of(
      options.source.group,
      (reason) => session.refuse(reason),
      () => socket.terminate(),
    ),
    onLate: (reason) => session.fail(reason),
  });
}
