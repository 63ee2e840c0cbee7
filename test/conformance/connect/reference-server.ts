import { createServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import { type AddressInfo, createServer as createNetServer, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import {
  type DescMessage,
  type DescMethod,
  fromJson,
  type JsonValue,
  type Message,
  toJson,
} from '@bufbuild/protobuf';
import { type Code, ConnectError, type ConnectRouter, type HandlerContext } from '@connectrpc/connect';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import { type CaseSchema, contentOf, typeNameOf } from './case-schema.js';
import type { CaseError, CaseHeader } from './case-types.js';
import { numberOfCode } from './rpc-codes.js';
import { answerCall, METHODS, type ServiceCall } from './service-answer.js';
import { MESSAGE_LIMIT } from './suites.js';

/** The published server of connect-es with the service of the cases: what the runner itself is held against. */
export interface ReferenceServer {
  /** HTTP/1.1 and HTTP/2 with prior knowledge. */
  readonly url: string;
  close(): void;
}

/** Opens it on a free port of 127.0.0.1. Close it in a teardown. */
export async function openReferenceServer(types: CaseSchema): Promise<ReferenceServer> {
  const handler = connectNodeAdapter({
    routes: (router) => addRoutes(router, types),
    readMaxBytes: MESSAGE_LIMIT,
    jsonOptions: { registry: types.registry },
  });
  const first = createServer((request, response) => handler(request, response));
  // A client on a busy machine must not meet a connection that is just being closed.
  first.keepAliveTimeout = 60_000;
  const second = createHttp2Server((request, response) => handler(request, response));
  const sockets = new Set<Socket>();
  const front = createNetServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    socket.once('data', (bytes) => {
      socket.pause();
      socket.unshift(bytes);
      (bytes.toString('latin1', 0, 3) === 'PRI' ? second : first).emit('connection', socket);
      process.nextTick(() => socket.resume());
    });
  });
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(front.address() as AddressInfo).port}`,
    close() {
      front.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function addRoutes(router: ConnectRouter, types: CaseSchema): void {
  const [service] = types.schema.services;
  for (const method of service?.methods ?? []) {
    if (!METHODS.includes(method.name)) continue;
    router.rpc(method as never, implementationOf(method, types) as never);
  }
}

/** What the router wants for the kind of a method: one message or many, in either direction. */
function implementationOf(method: DescMethod, types: CaseSchema): unknown {
  const takesOne = method.methodKind === 'unary' || method.methodKind === 'server_streaming';
  const sendsOne = method.methodKind === 'unary' || method.methodKind === 'client_streaming';
  return (requests: Message | AsyncIterable<Message>, context: HandlerContext) => {
    const many = takesOne ? Readable.from([requests]) : (requests as AsyncIterable<Message>);
    const answers = answer(many, context, method, types);
    return sendsOne ? firstOf(answers) : answers;
  };
}

async function firstOf(messages: AsyncIterable<Message>): Promise<Message> {
  for await (const message of messages) return message;
  throw new Error('no response');
}

/** Hands over what the service sends. */
async function* answer(
  requests: AsyncIterable<Message>,
  context: HandlerContext,
  { name, input, output }: DescMethod,
  types: CaseSchema,
): AsyncGenerator<Message> {
  const registry = types.registry;
  const waiting: Message[] = [];
  let wake = () => {};
  let isOver = false;
  let failure: unknown;
  const left = context.timeoutMs();
  const call: ServiceCall = {
    method: name,
    requestHeaders: [...context.requestHeader].map(([name, value]) => ({ name, value: [value] })),
    timeoutMs: left === undefined ? undefined : Math.max(0, Math.floor(left)),
    requests: decoded(requests, input, types),
    isOver: () => context.signal.aborted,
    sendHeaders: (headers) => append(context.responseHeader, headers),
    send(payload) {
      waiting.push(fromJson(output, { payload } as unknown as JsonValue, { registry }));
      wake();
    },
    end(trailers, error) {
      append(context.responseTrailer, trailers);
      if (error !== undefined) failure ??= connectErrorOf(error, types);
    },
  };
  context.signal.addEventListener('abort', () => wake());
  void answerCall(call)
    .catch((error) => {
      failure ??= error;
    })
    .finally(() => {
      isOver = true;
      wake();
    });
  for (;;) {
    const message = waiting.shift();
    // The deadline may have passed before anything listened for it.
    if (context.signal.aborted) throw failure ?? context.signal.reason;
    if (message !== undefined) yield message;
    else if (isOver) break;
    else
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
  }
  if (failure !== undefined) throw failure;
}

async function* decoded(
  requests: AsyncIterable<Message>,
  input: DescMessage,
  types: CaseSchema,
): AsyncGenerator<unknown> {
  for await (const request of requests) yield toJson(input, request, { registry: types.registry });
}

function append(headers: Headers, from: readonly CaseHeader[]): void {
  for (const { name, value = [] } of from) for (const one of value) headers.append(name, one);
}

function connectErrorOf({ code, message = '', details = [] }: CaseError, types: CaseSchema): ConnectError {
  const error = new ConnectError(message, numberOfCode(code) as Code);
  for (const detail of details) {
    const type = typeNameOf(detail);
    error.details.push({ type, value: types.encode(type, contentOf(detail)) } as never);
  }
  return error;
}
