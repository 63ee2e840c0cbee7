import { once } from 'node:events';
import { type AddressInfo, createServer, connect as dial } from 'node:net';
import t, { type Test } from 'tap';
import { send, until } from '../support/http.js';
import { connect } from '../support/websocket.js';
import { progress, startGateway, startPeer } from './peer.js';
import { skip } from './python.js';

interface Frame {
  readonly type: number;
  readonly stream: number;
  readonly endsStream: boolean;
}

const DATA = 0;
const HEADERS = 1;
const RST_STREAM = 3;
/** What an HTTP/2 client says before its first frame (RFC 9113 section 3.4). */
const PREFACE_BYTES = 24;

/** Stands between gateway and service, and notes the frames that the gateway sends. */
async function openRecorder(t: Test, target: string): Promise<{ target: string; frames: Frame[] }> {
  const frames: Frame[] = [];
  const server = createServer((client) => {
    const service = dial(Number(target.split(':')[1]), '127.0.0.1');
    client.pipe(service).pipe(client);
    for (const socket of [client, service]) {
      socket.on('error', () => {});
      socket.on('close', () => {
        client.destroy();
        service.destroy();
      });
    }
    let unread = Buffer.alloc(0);
    let begun = false;
    client.on('data', (chunk: Buffer) => {
      unread = Buffer.concat([unread, chunk]);
      if (!begun && unread.length >= PREFACE_BYTES) {
        unread = unread.subarray(PREFACE_BYTES);
        begun = true;
      }
      while (begun && unread.length >= 9 && unread.length >= 9 + unread.readUIntBE(0, 3)) {
        const type = unread.readUInt8(3);
        const endsStream = (type === DATA || type === HEADERS) && (unread.readUInt8(4) & 1) === 1;
        frames.push({ type, stream: unread.readUInt32BE(5) & 0x7fffffff, endsStream });
        unread = unread.subarray(9 + unread.readUIntBE(0, 3));
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => new Promise<void>((resolve) => void server.close(() => resolve())));
  return { target: `127.0.0.1:${(server.address() as AddressInfo).port}`, frames };
}

t.test('what a client leaves unfinished is never half-closed', { skip }, async (t) => {
  const peer = await startPeer(t);
  const recorder = await openRecorder(t, peer.target);
  const url = await startGateway(t, recorder.target);
  const path = (method: string) => `${url}/foreign.v1.Peer/${method}`;

  /** Runs a client that leaves once the service has read from it, and returns what the gateway sent on that stream. */
  const frames = async (t: Test, name: string, begin: () => Promise<() => void>) => {
    const leave = await begin();
    for (let read = 0; read === 0; ) read = await progress(url, name);
    const from = recorder.frames.length;
    leave();
    await peer.event(t, 'broken', name);
    const reset = () => recorder.frames.slice(from).find(({ type }) => type === RST_STREAM);
    await until(t, 'RST_STREAM', () => reset() !== undefined);
    return recorder.frames.filter(({ stream }) => stream === reset()?.stream);
  };
  const upload = (type: string, method: string, body: string | Buffer) => async () => {
    const sent = send(path(method), { method: 'POST', headers: { 'content-type': type } });
    sent.write(body);
    return () => sent.destroy();
  };

  // Names that tell the service that these calls are to break.
  const lines = '{"number":1,"name":"part-lines"}\n';
  const bytes = Buffer.alloc(100_000);
  for (const [name, begin] of [
    ['part-lines', upload('application/x-ndjson', 'Sum', lines)],
    ['part-bytes', upload('application/octet-stream', 'TakeBytes?path=part-bytes', bytes)],
    [
      'part-frames',
      async () => {
        const { socket } = await connect(path('Sum').replace('http', 'ws'));
        socket.send('{"number":1,"name":"part-frames"}');
        return () => socket.terminate();
      },
    ],
  ] as const) {
    const sent = await frames(t, name, begin);
    t.notOk(
      sent.some(({ endsStream }) => endsStream),
      `${name}: no END_STREAM before the reset`,
    );
  }
});
