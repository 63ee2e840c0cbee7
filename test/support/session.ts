import { fileURLToPath } from 'node:url';
import {
  create,
  createFileRegistry,
  type DescMessage,
  fromBinary,
  fromJson,
  type JsonObject,
  type JsonValue,
  toBinary,
  toJson,
} from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import type { ClientOptions } from 'ws';
import { descriptorSetFromProtoFiles } from '../../gateway/schema/index.js';
import { bytes, foreignSchema, json } from './foreign.js';
import { connect, type TestSocket } from './websocket.js';

export type Protocol = 'sluice.v1.json' | 'sluice.v1.proto';
export const PROTOCOLS: readonly Protocol[] = ['sluice.v1.json', 'sluice.v1.proto'];

/** A frame as its ProtoJSON, but `data` of a message is the JSON of an Item, in both sub-protocols. */
export type Frame = Readonly<Record<string, JsonObject>>;

const proto = fileURLToPath(new URL('../../proto/sluice/v1/session.proto', import.meta.url));
const folder = fileURLToPath(new URL('../../proto', import.meta.url));

let foreign: ReturnType<typeof foreignSchema> | undefined;
let types: Promise<{ client: DescMessage; server: DescMessage }> | undefined;

/** The frames as the contract's own file has them: what the tests speak does not come from the gateway's code. */
export function frameTypes(): Promise<{ client: DescMessage; server: DescMessage }> {
  types ??= loadTypes();
  return types;
}

async function loadTypes(): Promise<{ client: DescMessage; server: DescMessage }> {
  const set = await descriptorSetFromProtoFiles([proto], [folder]);
  const registry = createFileRegistry(
    set instanceof Uint8Array
      ? fromBinary(FileDescriptorSetSchema, set)
      : create(FileDescriptorSetSchema, set),
  );
  const client = registry.getMessage('sluice.v1.ClientFrame');
  const server = registry.getMessage('sluice.v1.ServerFrame');
  if (client === undefined || server === undefined) throw new TypeError('no frames in session.proto');
  return { client, server };
}

/** The bytes of a frame on `sluice.v1.proto`. */
export async function frameBytes(frame: Frame): Promise<Uint8Array> {
  const { client } = await frameTypes();
  const { message } = frame;
  if (message?.data === undefined) return toBinary(client, fromJson(client, frame));
  const data = Buffer.from(await bytes(message.data)).toString('base64');
  return toBinary(client, fromJson(client, { message: { ...message, data } }));
}

/** A frame of the gateway, from either sub-protocol. */
export async function frameOf(received: string | Buffer): Promise<Frame> {
  if (typeof received === 'string') return JSON.parse(received) as Frame;
  const { server } = await frameTypes();
  foreign ??= foreignSchema();
  const { registry } = await foreign;
  const options = { alwaysEmitImplicit: true, registry };
  const frame = toJson(server, fromBinary(server, received), options) as Record<string, JsonObject>;
  // On JSON they are only in calls whose credit is in bytes as well.
  for (const [body, name] of [
    [frame.opened, 'creditBytes'],
    [frame.credit, 'bytes'],
    [frame.message, 'bytes'],
  ] as const) {
    if (body?.[name] === 0) delete body[name];
  }
  if (frame.opened?.location === '') delete frame.opened.location;
  const { message } = frame;
  if (message === undefined) return frame;
  const { data, cursor, ...rest } = message;
  const item: JsonValue = await json(Buffer.from(data as string, 'base64'));
  return { message: { ...rest, data: item, ...(cursor === '' ? {} : { cursor: cursor as string }) } };
}

/** The name of a method of the foreign service, as sessions write it. */
export function nameOf(method: string): string {
  return `foreign.v1.Foreign/${method}`;
}

/** An `open` of a method of the foreign service, with credit for ten messages. */
export function openOf(id: number, method: string, more: JsonObject = {}): Frame {
  return { open: { id, method: nameOf(method), credit: 10, ...more } };
}

/** The end of a call with OK. */
export function endOf(id: number): Frame {
  const status = { code: 0, message: '', details: [] };
  return { end: { id, status, trailers: {}, truncated: false } };
}

/** A client of a session that sends and collects frames. */
export interface SessionClient {
  readonly protocol: Protocol;
  readonly test: TestSocket;
  readonly closed: TestSocket['closed'];
  send(...frames: Frame[]): Promise<void>;
  /** The next frame; undefined when the socket closes before one. */
  next(): Promise<Frame | undefined>;
  /** The next frame of one call; those of others are kept for their own turn. */
  of(id: number): Promise<Frame | undefined>;
  /** The frames of a call up to its end. */
  all(id: number): Promise<Frame[]>;
}

/** Opens a session. */
export async function openSession(
  wsUrl: string,
  protocol: Protocol = 'sluice.v1.json',
  options: ClientOptions = {},
  query = '',
): Promise<SessionClient> {
  const test = await connect(`${wsUrl}/_sluice/session${query}`, options, [protocol]);
  const kept: Frame[] = [];
  const idOf = (frame: Frame) => Object.values(frame)[0]?.id;
  const receive = async () => {
    const received = await test.next();
    return received === undefined ? undefined : await frameOf(received);
  };
  const client: SessionClient = {
    protocol,
    test,
    closed: test.closed,
    async send(...frames) {
      const encoded: (string | Uint8Array)[] = [];
      for (const frame of frames) {
        encoded.push(protocol === 'sluice.v1.json' ? JSON.stringify(frame) : await frameBytes(frame));
      }
      for (const frame of encoded) test.socket.send(frame);
    },
    async next() {
      return kept.shift() ?? (await receive());
    },
    async of(id) {
      const index = kept.findIndex((frame) => idOf(frame) === id);
      if (index >= 0) return kept.splice(index, 1)[0];
      for (;;) {
        const frame = await receive();
        if (frame === undefined || idOf(frame) === id) return frame;
        kept.push(frame);
      }
    },
    async all(id) {
      const frames: Frame[] = [];
      for (;;) {
        const frame = await client.of(id);
        if (frame === undefined) return frames;
        frames.push(frame);
        if (frame.end !== undefined) return frames;
      }
    },
  };
  return client;
}
