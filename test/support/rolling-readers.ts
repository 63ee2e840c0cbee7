import { type IncomingMessage, request } from 'node:http';
import { credentials, Client as GrpcClient } from '@grpc/grpc-js';
import { EventSource } from 'eventsource';
import { WebSocket } from 'ws';
import { createClient } from '../../clients/browser/index.js';
import { resilientStream } from '../../clients/node/index.js';
import { frame } from './grpc-frames.js';
import { askOf, idOfItem } from './numbered.js';

/** A client of a numbered stream that lives longer than the gateways do: it comes back with the last number that it has. */
export interface RollingReader {
  readonly kind: string;
  /** The newest number. */
  last: number;
  /** What was not the number behind the one before, and what should not have come. */
  readonly faults: string[];
  /** How often it came back, and what the gateway told it to wait, in milliseconds. */
  returns: number;
  readonly waits: number[];
  stop(): void;
}

/** Where it asks, and which method of t.S. */
export interface RollingPlace {
  /** "127.0.0.1:PORT" */
  readonly address: string;
  readonly method: string;
}

type OpenReader = (place: RollingPlace, reader: RollingReader) => () => void;

function take(reader: RollingReader, id: number): void {
  // A shared one may begin anywhere.
  if (id !== reader.last + 1 && reader.faults.length < 5) reader.faults.push(`${reader.last}, ${id}`);
  reader.last = id;
}

/** Comes back again and again until it is stopped; `ask` resolves when an answer is over, with the milliseconds to wait. */
function again(
  reader: RollingReader,
  ask: (last: number, onStop: (stop: () => void) => void) => Promise<number>,
): () => void {
  let isStopped = false;
  let stop = () => {};
  const run = async () => {
    while (!isStopped) {
      const waitMs = await ask(reader.last, (stopNow) => {
        stop = stopNow;
      });
      if (isStopped) return;
      reader.returns += 1;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, waitMs);
        stop = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  };
  void run();
  return () => {
    isStopped = true;
    stop();
  };
}

/** One answer of HTTP, whose text is handed over line by line; resolves when it is over. */
function lines(
  { address, method }: RollingPlace,
  options: { readonly accept: string; readonly last: number },
  onLine: (line: string) => void,
  onStop: (stop: () => void) => void,
): Promise<void> {
  return new Promise((resolve) => {
    const headers = {
      accept: options.accept,
      ...(options.last > 0 && { 'last-event-id': String(options.last) }),
    };
    const sent = request(`http://${address}/t.S/${method}`, { headers, agent: false });
    onStop(() => sent.destroy());
    sent.on('error', () => resolve());
    sent.on('response', (response: IncomingMessage) => {
      let rest = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        const parts = (rest + text).split('\n');
        rest = parts.pop() ?? '';
        for (const line of parts) onLine(line);
      });
      response.on('error', () => {});
      response.on('close', () => resolve());
    });
    sent.end();
  });
}

/** How long one waits that was told nothing, in milliseconds. */
const UNTOLD_MS = 500;

/** As an `EventSource` reads, but for what it does not show: how long it is told to wait. */
const sse: OpenReader = (place, reader) =>
  again(reader, async (last, onStop) => {
    let waitMs = UNTOLD_MS;
    const onLine = (line: string) => {
      const told = /^retry: (\d+)$/.exec(line)?.[1];
      const data = /^data: (.*)$/.exec(line)?.[1];
      if (told !== undefined) {
        waitMs = Number(told);
        reader.waits.push(waitMs);
      } else if (line.startsWith('event: ')) reader.faults.push(line);
      else if (data !== undefined) take(reader, JSON.parse(data).id);
    };
    await lines(place, { accept: 'text/event-stream', last }, onLine, onStop);
    return waitMs;
  });

/** NDJSON, a JSON array and a JSON text sequence, whose last element says why they end. */
const elements =
  (accept: string): OpenReader =>
  (place, reader) =>
    again(reader, async (last, onStop) => {
      let waitMs = UNTOLD_MS;
      const onLine = (line: string) => {
        const text = line.replaceAll('\x1e', '').replaceAll(/^[[,]+|[\],]+$/g, '');
        if (text === '') return;
        const { id, error } = JSON.parse(text);
        if (error === undefined) {
          take(reader, id);
          return;
        }
        const delay = (error.details as { retryDelay?: string }[]).find((detail) => detail.retryDelay);
        if (error.status !== 'UNAVAILABLE') reader.faults.push(text);
        waitMs = Number.parseFloat(delay?.retryDelay ?? '0.5') * 1_000;
        if (delay !== undefined) reader.waits.push(waitMs);
      };
      await lines(place, { accept, last }, onLine, onStop);
      return waitMs;
    });

const eventSource: OpenReader = ({ address, method }, reader) => {
  const source = new EventSource(`http://${address}/t.S/${method}`);
  source.addEventListener('message', ({ data }) => take(reader, JSON.parse(data).id));
  source.addEventListener('end', () => reader.faults.push('end'));
  source.addEventListener('error', () => {
    reader.returns += 1;
  });
  return () => source.close();
};

const webSocket: OpenReader = ({ address, method }, reader) =>
  again(
    reader,
    (last, onStop) =>
      new Promise((resolve) => {
        const query = last === 0 ? '' : `?lastEventId=${last}`;
        const socket = new WebSocket(`ws://${address}/t.S/${method}${query}`);
        onStop(() => socket.terminate());
        socket.on('error', () => {});
        socket.on('open', () => socket.send('{}'));
        socket.on('message', (data) => take(reader, JSON.parse(String(data)).id));
        socket.on('close', (code) => {
          // 1006: another one was refused while it came.
          if (code !== 1001 && code !== 1006) reader.faults.push(`closed with ${code}`);
          resolve(code === 1001 ? 0 : UNTOLD_MS);
        });
      }),
  );

/** Frames of gRPC-Web and of Connect, which end with a frame of their own. */
const frames =
  (contentType: string, endFlag: number): OpenReader =>
  ({ address, method }, reader) =>
    again(
      reader,
      (last, onStop) =>
        new Promise((resolve) => {
          const headers = {
            'content-type': contentType,
            ...(last > 0 && { 'last-event-id': String(last) }),
          };
          const sent = request(`http://${address}/t.S/${method}`, { method: 'POST', headers, agent: false });
          onStop(() => sent.destroy());
          sent.on('error', () => resolve(UNTOLD_MS));
          sent.on('response', (response: IncomingMessage) => {
            let rest = Buffer.alloc(0);
            response.on('data', (chunk: Buffer) => {
              rest = Buffer.concat([rest, chunk]);
              for (let end = endOfFrame(rest); end > 0; end = endOfFrame(rest)) {
                if (rest[0] !== endFlag) take(reader, idOfItem(rest.subarray(5, end)));
                else if (!/unavailable|grpc-status: ?14/i.test(rest.toString('latin1', 5, end)))
                  reader.faults.push(rest.toString('latin1', 5, end));
                rest = rest.subarray(end);
              }
            });
            response.on('error', () => {});
            response.on('close', () => resolve(UNTOLD_MS));
          });
          sent.end(frame(askOf(0)));
        }),
    );

function endOfFrame(bytes: Buffer): number {
  if (bytes.length < 5) return 0;
  const end = 5 + bytes.readUInt32BE(1);
  return end > bytes.length ? 0 : end;
}

/** So many calls share a client of ours. */
const CALLS_PER_CLIENT = 10;
let client:
  | { readonly address: string; readonly client: ReturnType<typeof createClient>; calls: number }
  | undefined;

function sharedClient(address: string) {
  if (client?.address !== address || client.calls === CALLS_PER_CLIENT)
    client = { address, client: createClient({ baseUrl: `http://${address}`, WebSocket }), calls: 0 };
  client.calls += 1;
  return client.client;
}

async function follow(
  reader: RollingReader,
  messages: AsyncIterable<{ readonly id?: number }>,
  isStopped: () => boolean,
): Promise<void> {
  try {
    for await (const { id = 0 } of messages) {
      if (isStopped()) break;
      take(reader, id);
    }
    if (!isStopped()) reader.faults.push('the end');
  } catch (reason) {
    if (!isStopped()) reader.faults.push(String(reason));
  }
}

/** Our browser client, on the sessions that its calls share. */
const session: OpenReader = ({ address, method }, reader) => {
  let stopped = false;
  const call = sharedClient(address).call<{ id: number }>(`t.S/${method}`, {
    request: {},
    onGap: () => reader.faults.push('a gap'),
  });
  void follow(reader, call.messages, () => stopped);
  return () => {
    stopped = true;
    call.cancel();
  };
};

/** Our browser client, by `fetch`. */
const stream: OpenReader = ({ address, method }, reader) => {
  const leaving = new AbortController();
  const { serverStream } = createClient({ baseUrl: `http://${address}` });
  const messages = serverStream<{ id: number }>(
    `t.S/${method}`,
    {},
    {
      signal: leaving.signal,
      onGap: () => reader.faults.push('a gap'),
      onReconnect: ({ delayMs }) => {
        reader.returns += 1;
        reader.waits.push(delayMs);
      },
    },
  );
  void follow(reader, messages, () => leaving.signal.aborted);
  return () => leaving.abort();
};

/** Our client for Node, over gRPC itself. */
const native: OpenReader = ({ address, method }, reader) => {
  const leaving = new AbortController();
  // With a connection of its own, as clients on as many machines have.
  const options = { 'grpc.use_local_subchannel_pool': 1, 'grpc.initial_reconnect_backoff_ms': 200 };
  const channel = new GrpcClient(address, credentials.createInsecure(), options);
  const asIs = (bytes: Buffer) => bytes;
  const messages = resilientStream(
    (last) => channel.makeServerStreamRequest(`/t.S/${method}`, asIs, asIs, askOf(0, last)),
    {
      idOf: idOfItem,
      signal: leaving.signal,
      onRetry: () => {
        reader.returns += 1;
      },
      onClose: () => channel.close(),
    },
  );
  const items = (async function* () {
    for await (const item of messages) yield { id: idOfItem(item) };
  })();
  void follow(reader, items, () => leaving.signal.aborted);
  return () => leaving.abort();
};

const KINDS: Readonly<Record<string, OpenReader>> = {
  EventSource: eventSource,
  sse,
  ndjson: elements('application/x-ndjson'),
  array: elements('application/json'),
  'json-seq': elements('application/json-seq'),
  websocket: webSocket,
  session,
  'client by fetch': stream,
  'grpc-web': frames('application/grpc-web+proto', 0x80),
  connect: frames('application/connect+proto', 2),
  grpc: native,
};

/** So many readers, of all kinds in turn. Whoever opens them stops them. */
export function openRollingReaders(place: RollingPlace, count: number): RollingReader[] {
  const kinds = Object.entries(KINDS);
  return Array.from({ length: count }, (_, at) => {
    const [kind, open] = kinds[at % kinds.length] as (typeof kinds)[number];
    const reader: RollingReader = { kind, last: 0, faults: [], returns: 0, waits: [], stop: () => {} };
    reader.stop = open(place, reader);
    return reader;
  });
}
