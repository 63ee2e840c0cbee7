// Runs in a page: the published clients of Connect, with the methods of the service as the gateway describes them.
import { createFileRegistry, fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { type CallOptions, ConnectError, createClient, type Transport } from '@connectrpc/connect';
import { createConnectTransport, createGrpcWebTransport } from '@connectrpc/connect-web';

interface Item {
  readonly text: string;
  readonly number: number;
}

interface ForeignClient {
  ask(request: Partial<Item>, options?: CallOptions): Promise<Item>;
  down(request: Partial<Item>, options?: CallOptions): AsyncIterable<Item>;
}

/** What became of the calls of one transport. */
export interface Played {
  readonly answer: string;
  readonly header: string | null;
  readonly trailer: string | null;
  readonly texts: readonly string[];
  readonly failures: readonly { code: number; message: string; trailer: string | null; details: number }[];
  /** The code of the call that was given up. */
  readonly late: number;
}

const TRANSPORTS = { connect: createConnectTransport, 'grpc-web': createGrpcWebTransport };

/** Makes one call of each kind at a gateway, and one that fails. */
export async function play(
  baseUrl: string,
  name: keyof typeof TRANSPORTS,
  useBinaryFormat: boolean,
): Promise<Played> {
  const client = await clientOf(baseUrl, TRANSPORTS[name]({ baseUrl, useBinaryFormat }));
  let header: string | null = null;
  let trailer: string | null = null;
  const answer = await client.ask(
    { text: 'ping' },
    {
      headers: { who: 'ada' },
      onHeader(headers) {
        header = headers.get('shard');
      },
      onTrailer(trailers) {
        trailer = trailers.get('cost');
      },
    },
  );
  const texts: string[] = [];
  for await (const { text } of client.down({ text: 'go' })) texts.push(text);
  const headers = { fail: '1' };
  const failures = [
    await failureOf(client.ask({}, { headers })),
    await failureOf(drained(client.down({}, { headers }))),
  ];
  const { code: late } = await failureOf(client.ask({}, { headers: { wait: '1' }, timeoutMs: 200 }));
  return { answer: answer.text, header, trailer, texts, failures, late };
}

/** Takes some messages of a stream that does not end, and leaves. Resolves with how many there were. */
export async function leave(baseUrl: string, name: keyof typeof TRANSPORTS): Promise<number> {
  const client = await clientOf(baseUrl, TRANSPORTS[name]({ baseUrl, useBinaryFormat: true }));
  const controller = new AbortController();
  let taken = 0;
  for await (const _ of client.down({}, { headers: { endless: '1' }, signal: controller.signal })) {
    taken += 1;
    if (taken === 10) break;
  }
  // The client goes on reading otherwise.
  controller.abort();
  return taken;
}

async function clientOf(baseUrl: string, transport: Transport): Promise<ForeignClient> {
  const response = await fetch(`${baseUrl}/_sluice/descriptors.binpb`);
  const files = fromBinary(FileDescriptorSetSchema, new Uint8Array(await response.arrayBuffer()));
  const service = createFileRegistry(files).getService('foreign.v1.Foreign');
  if (service === undefined) throw new TypeError('the gateway describes no such service');
  return createClient(service, transport) as unknown as ForeignClient;
}

async function drained(items: AsyncIterable<Item>): Promise<void> {
  for await (const _ of items);
}

async function failureOf(call: Promise<unknown>): Promise<Played['failures'][number]> {
  try {
    await call;
  } catch (reason) {
    const { code, rawMessage, metadata, details } = ConnectError.from(reason);
    return { code, message: rawMessage, trailer: metadata.get('cost'), details: details.length };
  }
  throw new Error('the call went well');
}
