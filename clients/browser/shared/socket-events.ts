import type { WebSocketLike } from './endpoint.js';

/** What is done at the events of a WebSocket. */
export interface SocketEvents {
  open(): void;
  message(event: { readonly data: unknown }): void;
  close(event: { readonly code: number; readonly reason: string }): void;
}

/**
 * Listens to a WebSocket until the returned function is called. Errors are listened to for ever, and mean nothing: a `close` event follows each, and has the
 * details, and closing a socket that still connects raises one more, which must not be uncaught.
 */
export function listenToSocket(socket: WebSocketLike, { open, message, close }: SocketEvents): () => void {
  const listeners = Object.entries({ open, message, close }) as [keyof SocketEvents, () => void][];
  for (const [type, listener] of listeners) socket.addEventListener(type, listener);
  socket.addEventListener('error', () => undefined);
  return () => {
    for (const [type, listener] of listeners) socket.removeEventListener(type, listener);
  };
}
