import type { Steps } from '../async/index.js';
import {
  type HttpBinding,
  type JsonObject,
  type Method,
  methodKind,
  type Schema,
  serviceComment,
} from '../schema/index.js';
import { SESSION_PATH } from '../wire/session/index.js';
import { documentPath } from './document-path.js';
import { asyncApiAccess, asyncApiSchemes, type DocumentSecurity } from './document-security.js';
import { described, members, reference } from './json-pieces.js';
import { type DocumentSettings, titleOf } from './openapi.js';
import { CLIENT_FRAMES, type FrameDescription, frameSchema, SERVER_FRAMES } from './session-frames.js';
import { TypeSchemas } from './type-schemas.js';
import { UsedTypes } from './used-types.js';

const SESSION = 'sluice-session';
const HALF_CLOSE = 'sluice-half-close';
const ABOUT = `Every method of the services as a WebSocket, and the session that carries many calls on one. openapi.json describes the same methods over HTTP.

- A WebSocket of a method is opened without a sub-protocol. Each text frame is one message as canonical ProtoJSON; a binary frame is one as protobuf, and answers are binary too if the client's first message is. The close code says how the call ended: 1000 is OK, 4000 and the number of the gRPC code is a failure.
- "receive" is what the gateway receives, and "send" what it sends.`;

interface Parts {
  readonly channels: Record<string, JsonObject>;
  readonly operations: Record<string, JsonObject>;
  readonly messages: Record<string, JsonObject>;
  readonly schemas: TypeSchemas;
  readonly types: UsedTypes;
  readonly security: DocumentSecurity | undefined;
}

/** The AsyncAPI 3.0 document of a schema, method by method: a channel for each path at which a method is a WebSocket, and the session. */
export function* asyncApiSteps(
  schema: Schema,
  { basePath, version, security }: DocumentSettings,
): Steps<JsonObject> {
  const types = yield* UsedTypes.steps(schema);
  const schemas = new TypeSchemas(types, false);
  const parts: Parts = { channels: {}, operations: {}, messages: {}, schemas, types, security };
  const shapes = new Set<string>();
  for (const service of schema.services) {
    for (const [index, desc] of service.methods.entries()) {
      const method = schema.methods.get(`/${service.typeName}/${desc.name}`);
      if (method === undefined) continue;
      const about = described(serviceComment(service, index));
      const id = `${method.service}.${method.name}`;
      addChannel(parts, id, method, undefined, about);
      for (const [at, binding] of method.bindings.entries()) {
        const { shape } = documentPath(binding);
        // Of the rules of one path the first one counts, and the gRPC path goes before all.
        if (shapes.has(shape) || schema.methods.has(binding.template)) continue;
        shapes.add(shape);
        addChannel(parts, `${id}-${at + 1}`, method, binding, about);
      }
      yield;
    }
  }
  addSession(parts);
  return {
    asyncapi: '3.0.0',
    info: { title: titleOf(schema), version, description: ABOUT },
    defaultContentType: 'application/json',
    servers: {
      gateway: {
        host: '{host}',
        protocol: 'ws',
        ...members(['pathname', basePath === '' ? undefined : basePath]),
        variables: { host: { default: 'localhost:8080', description: 'Where this document comes from.' } },
      },
    },
    channels: parts.channels,
    operations: parts.operations,
    components: {
      messages: parts.messages,
      schemas: yield* schemas.components(),
      ...(security !== undefined && { securitySchemes: asyncApiSchemes(security) }),
    },
  };
}

function addChannel(
  parts: Parts,
  id: string,
  method: Method,
  binding: HttpBinding | undefined,
  about: JsonObject,
): void {
  const { channels, operations, schemas, messages, types, security } = parts;
  const path = binding === undefined ? undefined : documentPath(binding);
  const names = path?.parts.map(({ name }) => name.replaceAll(/[^\w-]/g, '_')) ?? [];
  let address = path?.path ?? method.path;
  for (const [index, part] of path?.parts.entries() ?? []) {
    address = address.replace(`{${part.name}}`, `{${names[index]}}`);
  }
  const parameters = path?.parts.map(({ field, open }, index) => [
    names[index] ?? '',
    described(field === undefined ? 'Any text.' : `Sets "${field.name}".`, open ? 'May have slashes.' : ''),
  ]) as [string, JsonObject][] | undefined;
  const request = `${types.nameOf(method.input, 'request')}-sent`;
  messages[request] ??= messageObject(method.input.typeName, schemas.ofMessage(method.input, 'request'));
  const ownAnswer = binding?.responseBody;
  const response =
    ownAnswer === undefined ? `${types.nameOf(method.output, 'response')}-received` : `${id}-received`;
  messages[response] ??=
    ownAnswer === undefined
      ? messageObject(method.output.typeName, schemas.ofMessage(method.output, 'response'))
      : messageObject(ownAnswer.name, schemas.ofResponseField(ownAnswer));
  messages[HALF_CLOSE] ??= {
    name: 'half-close',
    contentType: 'text/plain',
    payload: { type: 'string', const: '' },
    description: 'An empty text frame: no more messages of the client follow.',
  };
  channels[id] = {
    address,
    title: method.path.slice(1),
    ...about,
    ...members(['parameters', parameters?.length ? members(...parameters) : undefined]),
    messages: {
      request: reference('components', 'messages', request),
      response: reference('components', 'messages', response),
      halfClose: reference('components', 'messages', HALF_CLOSE),
    },
    bindings: { ws: { method: 'GET', bindingVersion: '0.1.0' } },
  };
  const inChannel = (name: string) => reference('channels', id, 'messages', name);
  operations[id] = {
    action: 'receive',
    channel: reference('channels', id),
    title: method.name,
    ...about,
    messages: [inChannel('request'), inChannel('halfClose')],
    reply: { channel: reference('channels', id), messages: [inChannel('response')] },
    ...asyncApiAccess(security, method),
    'x-sluice-method': { name: method.path.slice(1), kind: methodKind(method) },
  };
}

function messageObject(name: string, payload: JsonObject): JsonObject {
  return { name, contentType: 'application/json', payload };
}

function addSession({ channels, operations, messages }: Parts): void {
  const sides = { receive: CLIENT_FRAMES, send: SERVER_FRAMES } as const;
  const inChannel: JsonObject = {};
  for (const [action, frames] of Object.entries(sides)) {
    const names = Object.entries(frames).map(([name, frame]) => addFrame(messages, action, name, frame));
    for (const name of names) inChannel[name] = reference('components', 'messages', name);
    operations[`${SESSION}-${action}`] = {
      action,
      channel: reference('channels', SESSION),
      messages: names.map((name) => reference('channels', SESSION, 'messages', name)),
    };
  }
  const protocols = { type: 'string', enum: ['sluice.v1.json', 'sluice.v1.proto'] };
  channels[SESSION] = {
    address: SESSION_PATH,
    title: 'Session',
    description:
      'Many calls on one WebSocket, each with its own credit. The frames are shown as sluice.v1.json; on sluice.v1.proto they are protobuf: sluice.v1.ClientFrame and ServerFrame.',
    messages: inChannel,
    bindings: {
      ws: {
        method: 'GET',
        headers: {
          type: 'object',
          required: ['Sec-WebSocket-Protocol'],
          properties: { 'Sec-WebSocket-Protocol': protocols },
        },
        bindingVersion: '0.1.0',
      },
    },
  };
}

function addFrame(
  messages: Parts['messages'],
  action: string,
  name: string,
  frame: FrameDescription,
): string {
  const key = `${SESSION}-${action}-${name}`;
  messages[key] = { ...messageObject(name, frameSchema(name, frame)), description: frame.about };
  return key;
}
