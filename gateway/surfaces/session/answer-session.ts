import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { boundSocketMessages, ClientSocket } from '../socket/index.js';
import { Session } from './session.js';
import type { SessionContext } from './session-context.js';
import { formatOf } from './session-format.js';

/** Runs a session on a WebSocket whose sub-protocol is one of ours. Must run in the tick of the upgrade. */
export function answerSession(socket: WebSocket, raw: Socket, context: SessionContext): void {
  const { heartbeatMs, maxPauseMs, messageTimeoutMs } = context.limits;
  const pace = context.exchanges.limits.paceOf(context.source, context.principal);
  const client = new ClientSocket(socket, raw, { heartbeatMs, maxStallMs: maxPauseMs, pace, isShared: true });
  const session = new Session(client, formatOf(socket.protocol), { ...context, pace });
  socket.on('message', (data: Buffer, binary: boolean) => session.receive(data, binary));
  client.onLeft(() => session.closed());
  client.watch();
  boundSocketMessages(socket, raw, {
    timeoutMs: messageTimeoutMs,
    isPaused: () => client.isPaused,
    // No message is ever due: the first frame has a time of its own, and a session may be silent after it.
    isExpecting: undefined,
    unfinished: context.unfinished.of(
      context.source.group,
      (reason) => session.refuse(reason),
      () => client.cut(),
    ),
    onLate: (reason) => session.fail(reason),
  });
}
