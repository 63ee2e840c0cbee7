import { type ClientOptions, WebSocket } from 'ws';

/** A WebSocket that queues what comes from the first instant, so that none is missed. */
export interface TestSocket {
  readonly socket: WebSocket;
  /** Frames in order: text as string, binary as Buffer. */
  readonly frames: (string | Buffer)[];
  /** The next frame, or undefined when the socket has closed before one came. */
  next(): Promise<string | Buffer | undefined>;
  readonly closed: Promise<{ code: number; reason: string }>;
}

/** Connects; rejects with the HTTP status when the upgrade is refused. */
export async function connect(
  url: string,
  options: ClientOptions = {},
  protocols: string[] = [],
): Promise<TestSocket> {
  const socket = new WebSocket(url, protocols, options);
  const frames: (string | Buffer)[] = [];
  let taken = 0;
  let wake: () => void = () => {};
  let over = false;
  socket.on('message', (data: Buffer, binary) => {
    frames.push(binary ? data : data.toString('utf8'));
    wake();
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => {
      over = true;
      resolve({ code, reason: reason.toString('utf8') });
      wake();
    });
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
    socket.once('unexpected-response', (_request, response) => {
      response.resume();
      reject(new Error(`HTTP ${response.statusCode}`));
    });
  });
  socket.on('error', () => {});
  return {
    socket,
    frames,
    closed,
    async next() {
      while (frames.length === taken && !over) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return frames[taken++];
    },
  };
}
