import type { JsonObject } from '../schema/index.js';

const UINT32: JsonObject = { type: 'integer', minimum: 0, maximum: 4_294_967_295 };
const TEXT: JsonObject = { type: 'string' };
const TEXTS: JsonObject = { type: 'object', additionalProperties: TEXT };
const DATA: JsonObject = { description: "The ProtoJSON of the method's own message." };
const STATUS: JsonObject = {
  type: 'object',
  properties: { code: UINT32, message: TEXT, details: { type: 'array', items: { type: 'object' } } },
  description: 'A google.rpc.Status; its details are unpacked.',
};

/** What a frame says, and its fields by their JSON names. Source: proto/sluice/v1/session.proto. */
export interface FrameDescription {
  readonly about: string;
  readonly fields: Readonly<Record<string, JsonObject>>;
}

/** The frames that a client sends in a session. */
export const CLIENT_FRAMES: Readonly<Record<string, FrameDescription>> = {
  open: {
    about: 'Begins a call, or joins the one at a location.',
    fields: {
      id: UINT32,
      method: { type: 'string', description: '"pkg.Service/Method"; not with location.' },
      metadata: TEXTS,
      timeoutMs: UINT32,
      credit: UINT32,
      cursor: TEXT,
      creditBytes: UINT32,
      location: { type: 'string', description: 'Joins the detached call that is found there.' },
      detach: { type: 'boolean', description: 'The call goes on without its client.' },
      idempotencyKey: {
        type: 'string',
        description: 'The same key and request join the call that they began; another request is refused.',
      },
    },
  },
  message: {
    about: 'One message of a call.',
    fields: { id: UINT32, data: DATA, cursor: TEXT, bytes: UINT32 },
  },
  halfClose: { about: 'No more messages of the client follow in this call.', fields: { id: UINT32 } },
  cancel: { about: 'The client wants no more of this call; a detached one goes on.', fields: { id: UINT32 } },
  stop: { about: 'The same, and a detached call ends for everybody.', fields: { id: UINT32 } },
  credit: {
    about: 'How many more messages, and bytes of them, the gateway may send.',
    fields: { id: UINT32, messages: UINT32, bytes: UINT32 },
  },
  ping: { about: 'Is answered by pong with the same token.', fields: { token: TEXT } },
  auth: { about: 'A credential for what is opened from now on: a JSON Web Token.', fields: { token: TEXT } },
};

/** The frames that the gateway sends. */
export const SERVER_FRAMES: Readonly<Record<string, FrameDescription>> = {
  opened: {
    about: 'The call was accepted. How many messages, and bytes of them, the client may send at first.',
    fields: { id: UINT32, credit: UINT32, creditBytes: UINT32, location: TEXT },
  },
  headers: { about: "The service's initial metadata.", fields: { id: UINT32, metadata: TEXTS } },
  message: {
    about: 'One message of the service.',
    fields: { id: UINT32, data: DATA, cursor: TEXT, bytes: UINT32 },
  },
  end: {
    about: 'The call is over; nothing of it follows.',
    fields: { id: UINT32, status: STATUS, trailers: TEXTS, truncated: { type: 'boolean' } },
  },
  credit: {
    about: 'How many more messages, and bytes of them, the client may send.',
    fields: { id: UINT32, messages: UINT32, bytes: UINT32 },
  },
  pong: { about: 'The answer to ping.', fields: { token: TEXT } },
  gap: {
    about: 'Messages are missing before the next one.',
    fields: { id: UINT32, requested: TEXT, resumed: TEXT },
  },
  dropped: {
    about: 'How many messages were not delivered, because the client was slow.',
    fields: { id: UINT32, count: UINT32 },
  },
  authenticated: {
    about: 'The credential of auth is accepted. When it ends, in milliseconds; left out where it does not.',
    fields: { expiresInMs: UINT32 },
  },
  authExpires: {
    about:
      'How many milliseconds are left until the credential of the session ends: an auth keeps the session.',
    fields: { inMs: UINT32 },
  },
  goAway: {
    about: 'The gateway is draining.',
    fields: { graceMs: UINT32, reconnectAfterMs: UINT32 },
  },
};

/** A frame as JSON: one member, named as the frame. */
export function frameSchema(name: string, { about, fields }: FrameDescription): JsonObject {
  return {
    type: 'object',
    required: [name],
    properties: { [name]: { type: 'object', properties: { ...fields }, description: about } },
  };
}
