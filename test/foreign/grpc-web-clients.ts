import type { DescMessage, DescService } from '@bufbuild/protobuf';
import { create } from '@bufbuild/protobuf';
import { ConnectError, createClient as createConnectClient } from '@connectrpc/connect';
import { createGrpcWebTransport } from '@connectrpc/connect-web';
import { GrpcWebFetchTransport } from '@protobuf-ts/grpcweb-transport';
import { MessageType, ScalarType } from '@protobuf-ts/runtime';
import { RpcError as ProtobufTsError, ServiceType, stackIntercept } from '@protobuf-ts/runtime-rpc';
import { ClientError, createChannel, createClient as createNiceClient, Metadata } from 'nice-grpc-web';
import { type CodeName, codeName } from '../../gateway/status/index.js';
import { bytes, foreignSchema, json } from '../support/foreign.js';

/** What a client's program sees of one call. */
export interface SeenCall {
  readonly texts: readonly string[];
  /** Of the initial metadata and of the trailers. */
  readonly first?: string | undefined;
  readonly last?: string | undefined;
  readonly code: CodeName;
  readonly message?: string;
}

/** A published client of gRPC-Web, as it is. */
export interface WebClient {
  readonly name: string;
  /** Calls `Ask` or `Down` with this text and the metadata `asked`. */
  call(
    url: string,
    method: 'Ask' | 'Down',
    text: string,
    asked: string,
    timeoutMs?: number,
  ): Promise<SeenCall>;
}

interface Item {
  text: string;
  number: number;
}

/** Texts of messages, and how the call failed if it did. */
async function seen(
  answers: AsyncIterable<{ text?: string }>,
  failureOf: (reason: unknown) => Pick<SeenCall, 'code' | 'message'>,
): Promise<SeenCall> {
  const texts: string[] = [];
  try {
    for await (const { text = '' } of answers) texts.push(text);
  } catch (reason) {
    return { texts, ...failureOf(reason) };
  }
  return { texts, code: 'OK' };
}

async function* only<Value>(value: Promise<Value>): AsyncGenerator<Value> {
  yield await value;
}

const schema = await foreignSchema();
const service = schema.registry.getService('foreign.v1.Foreign') as DescService;

const connectWeb: WebClient = {
  name: '@connectrpc/connect-web',
  async call(url, method, text, asked) {
    const client = createConnectClient(
      service,
      createGrpcWebTransport({ baseUrl: url }),
    ) as unknown as Record<
      string,
      (request: unknown, options: object) => Promise<Item> & AsyncIterable<Item>
    >;
    let first: string | undefined;
    let last: string | undefined;
    const options = {
      headers: { asked },
      onHeader: (headers: Headers) => {
        first = headers.get('first') ?? undefined;
      },
      onTrailer: (trailers: Headers) => {
        last = trailers.get('last') ?? undefined;
      },
    };
    const request = create(schema.registry.getMessage('foreign.v1.Item') as DescMessage, { text } as never);
    const answer = (client[method === 'Ask' ? 'ask' : 'down'] as (typeof client)[string])(request, options);
    const call = await seen(method === 'Ask' ? only(answer) : answer, (reason) => {
      const { code, rawMessage } = ConnectError.from(reason);
      return { code: codeName(code as never), message: rawMessage };
    });
    return { ...call, first, last };
  },
};

const ITEM = new MessageType<Item>('foreign.v1.Item', [
  { no: 1, name: 'text', kind: 'scalar', T: ScalarType.STRING },
  { no: 2, name: 'number', kind: 'scalar', T: ScalarType.INT32 },
]);
const FOREIGN = new ServiceType('foreign.v1.Foreign', [
  { name: 'Ask', I: ITEM, O: ITEM, options: {} },
  { name: 'Down', I: ITEM, O: ITEM, serverStreaming: true, options: {} },
]);

const protobufTs = (format: 'binary' | 'text'): WebClient => ({
  name: `@protobuf-ts/grpcweb-transport, ${format}`,
  async call(url, name, text, asked) {
    const transport = new GrpcWebFetchTransport({ baseUrl: url, format });
    const options = transport.mergeOptions({
      meta: { asked },
    });
    const method = FOREIGN.methods.find((each) => each.name === name);
    if (method === undefined) throw new TypeError(name);
    const request = { text, number: 0 };
    const call =
      name === 'Ask'
        ? stackIntercept<Item, Item>('unary', transport, method, options, request)
        : stackIntercept<Item, Item>('serverStreaming', transport, method, options, request);
    const answers: AsyncIterable<Item> = 'responses' in call ? call.responses : only(call.response);
    const failureOf = (reason: unknown) => {
      if (!(reason instanceof ProtobufTsError)) throw reason;
      return { code: reason.code as CodeName, message: decodeURIComponent(reason.message) };
    };
    // Every promise of the call rejects when it fails.
    const quiet = (promise: Promise<{ [name: string]: unknown }>) => promise.catch(() => undefined);
    const [headers, trailers] = [quiet(call.headers), quiet(call.trailers)];
    void quiet(call.status as never);
    const told = await seen(answers, failureOf);
    return { ...told, first: (await headers)?.first as string, last: (await trailers)?.last as string };
  },
});

const NICE = Object.fromEntries(
  (['Ask', 'Down'] as const).map((name) => [
    name,
    {
      path: `/foreign.v1.Foreign/${name}`,
      requestStream: false,
      responseStream: name === 'Down',
      requestSerialize: (message: Uint8Array) => message,
      requestDeserialize: (wire: Uint8Array) => wire,
      responseSerialize: (message: Uint8Array) => message,
      responseDeserialize: (wire: Uint8Array) => wire,
      options: {},
    },
  ]),
);

const nice: WebClient = {
  name: 'nice-grpc-web',
  async call(url, name, text, asked) {
    const client = createNiceClient(NICE as never, createChannel(url)) as Record<
      string,
      (request: Uint8Array, options: object) => Promise<Uint8Array> & AsyncIterable<Uint8Array>
    >;
    let first: string | undefined;
    let last: string | undefined;
    const options = {
      metadata: Metadata({ asked }),
      onHeader: (metadata: Metadata) => {
        first = metadata.get('first') as string | undefined;
      },
      onTrailer: (metadata: Metadata) => {
        last = metadata.get('last') as string | undefined;
      },
    };
    const answer = (client[name] as (typeof client)[string])(await bytes({ text }), options);
    async function* items(): AsyncGenerator<{ text?: string }> {
      for await (const wire of name === 'Ask' ? only(answer) : answer)
        yield (await json(wire)) as { text?: string };
    }
    const call = await seen(items(), (reason) => {
      if (!(reason instanceof ClientError)) throw reason;
      return { code: codeName(reason.code as never), message: reason.details };
    });
    return { ...call, first, last };
  },
};

/** Those that speak by `fetch`, so that they run here as they do in a page. */
export const WEB_CLIENTS: readonly WebClient[] = [connectWeb, protobufTs('binary'), protobufTs('text'), nice];
