import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Test } from 'tap';
import { type WebSocket, WebSocketServer } from 'ws';

/** A frame by its name; the parts that a frame does not have are undefined. */
export interface ClientFrame {
  readonly type: string;
  readonly id: number;
  readonly method: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly credit: number;
  readonly creditBytes: number;
  readonly cursor: string;
  readonly data: unknown;
  readonly messages: number;
  readonly bytes: number;
  readonly token: string;
}

/** One socket of a client, played by the test; what the client may not do is recorded. */
export interface Peer {
  readonly socket: WebSocket;
  /** Everything that came, in order. */
  readonly frames: ClientFrame[];
  /** Rules of section 12 that the client broke. */
  readonly faults: string[];
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  /** The next frame of this type that was not taken yet. */
  take(type: string): Promise<ClientFrame>;
  send(type: string, body: Readonly<Record<string, unknown>>): void;
  /** `opened`, and the credit that the client may use. */
  accept(id: number, credit?: number, creditBytes?: number): void;
  grant(id: number, messages: number, bytes?: number): void;
  message(id: number, data: unknown, cursor?: string, bytes?: number): void;
  end(id: number, code?: number, extra?: Readonly<Record<string, unknown>>): void;
}

/** A gateway of sessions without a service: the test answers. Its clients are watched for breaches of PROTOCOL.md, section 12. */
export async function openScriptedSessions(t: Test, onPeer: (peer: Peer) => void = () => undefined) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', path: '/_sluice/session' });
  const peers: Peer[] = [];
  const offered: string[][] = [];
  server.options.handleProtocols = (protocols) => {
    offered.push([...protocols]);
    return 'sluice.v1.json';
  };
  let arrived: () => void = () => undefined;
  server.on('connection', (socket) => {
    const peer = createPeer(socket);
    peers.push(peer);
    onPeer(peer);
    arrived();
  });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  t.teardown(async () => {
    for (const socket of server.clients) socket.terminate();
    server.close();
    await once(server, 'close');
    const faults = peers.flatMap((peer) => peer.faults);
    if (faults.length > 0) throw new Error(`the client broke the protocol: ${faults.join('; ')}`);
  });
  return {
    url: `http://127.0.0.1:${port}`,
    server,
    peers,
    offered,
    /** The socket with this number, from 0, as soon as it is there. */
    async peer(at: number): Promise<Peer> {
      for (;;) {
        const peer = peers[at];
        if (peer !== undefined) return peer;
        await new Promise<void>((resolve) => {
          arrived = resolve;
        });
      }
    },
  };
}

function createPeer(socket: WebSocket): Peer {
  const frames: ClientFrame[] = [];
  const faults: string[] = [];
  const calls = new Map<
    number,
    { credit: number; bytes: number | undefined; countsBytes: boolean; halfClosed: boolean }
  >();
  const takenOf = new Map<string, number>();
  let wake: (() => void)[] = [];

  const check = ({ type, id, messages, bytes, creditBytes, data }: ClientFrame) => {
    if (type === 'ping') return;
    const call = calls.get(id);
    if (type === 'open') {
      if (id <= 0 || calls.has(id)) faults.push(`open with the id ${id}`);
      calls.set(id, { credit: 0, bytes: undefined, countsBytes: creditBytes > 0, halfClosed: false });
    } else if (call === undefined) faults.push(`${type} for ${id}, which was never opened`);
    else if (type === 'message') {
      if (call.credit === 0) faults.push(`a message of ${id} without credit`);
      if (call.halfClosed) faults.push(`a message of ${id} after its half-close`);
      call.credit -= 1;
      if (call.bytes !== undefined) {
        if (call.bytes <= 0) faults.push(`a message of ${id} without bytes`);
        call.bytes -= Buffer.byteLength(JSON.stringify(data));
      }
    } else if (type === 'halfClose') call.halfClosed = true;
    else if (type === 'credit') {
      if (!(messages > 0 || bytes > 0)) faults.push(`a credit of nothing for ${id}`);
      if (bytes > 0 && !call.countsBytes) faults.push(`bytes for ${id}, which counts none`);
    }
  };
  socket.on('message', (data, isBinary) => {
    if (isBinary) faults.push('a binary frame');
    const parsed = JSON.parse(String(data)) as Record<string, ClientFrame>;
    for (const [type, body] of Object.entries(parsed)) {
      const frame = { ...body, type };
      frames.push(frame);
      check(frame);
    }
    const woken = wake;
    wake = [];
    for (const resume of woken) resume();
  });
  const closed = once(socket, 'close').then(([code, reason]) => ({
    code: Number(code),
    reason: String(reason),
  }));
  const send: Peer['send'] = (type, body) => socket.send(JSON.stringify({ [type]: body }));
  return {
    socket,
    frames,
    faults,
    closed,
    async take(type) {
      for (;;) {
        const at = takenOf.get(type) ?? 0;
        const frame = frames.filter((one) => one.type === type)[at];
        if (frame !== undefined) {
          takenOf.set(type, at + 1);
          return frame;
        }
        await new Promise<void>((resolve) => wake.push(resolve));
      }
    },
    send,
    accept(id, credit = 1, creditBytes) {
      const call = calls.get(id);
      if (call !== undefined) {
        call.credit += credit;
        call.bytes = creditBytes;
      }
      send('opened', { id, credit, creditBytes });
    },
    grant(id, messages, bytes) {
      const call = calls.get(id);
      if (call !== undefined) {
        call.credit += messages;
        if (call.bytes !== undefined) call.bytes += bytes ?? 0;
      }
      send('credit', { id, messages, bytes });
    },
    message: (id, data, cursor = '', bytes) => send('message', { id, data, cursor, bytes }),
    end: (id, code = 0, extra = {}) =>
      send('end', {
        id,
        status: { code, message: code === 0 ? '' : `it is ${code}`, details: [] },
        trailers: {},
        truncated: false,
        ...extra,
      }),
  };
}
