import type { JsonObject } from '../schema/index.js';
import { Code, type CodeName, httpStatusFromCode } from '../status/index.js';
import { reference } from './json-pieces.js';
import { OWN } from './scalar-schema.js';

/** What operations refer to, by its name in `components`. */
export const SHARED = {
  error: `${OWN}error`,
  streamError: `${OWN}stream-error`,
  status: `${OWN}status`,
  sseEnd: `${OWN}sse-end`,
  sseError: `${OWN}sse-error`,
  sseDropped: `${OWN}sse-dropped`,
} as const;

const CODE_NAMES = (Object.keys(Code) as CodeName[]).filter((name) => name !== 'OK');

const DETAILS: JsonObject = {
  type: 'array',
  items: {
    type: 'object',
    required: ['@type'],
    properties: { '@type': { type: 'string' } },
    additionalProperties: true,
  },
  description:
    'The details of the google.rpc.Status. An error that the gateway itself makes has a google.rpc.ErrorInfo with the domain "sluice".',
};

const ERROR: JsonObject = {
  type: 'object',
  required: ['code', 'status', 'message', 'details'],
  properties: {
    code: { type: 'integer', description: 'The HTTP status.' },
    status: { type: 'string', enum: CODE_NAMES, description: 'The name of the gRPC code.' },
    message: { type: 'string' },
    details: DETAILS,
  },
};

const TRUNCATED: JsonObject = {
  type: 'boolean',
  description: 'Messages of the service were lost before this error.',
};

const ERROR_SCHEMAS: Readonly<Record<string, JsonObject>> = {
  [SHARED.error]: {
    type: 'object',
    required: ['error'],
    properties: { error: ERROR },
    description: 'A call that failed before the head of its response was sent.',
  },
  [SHARED.streamError]: {
    type: 'object',
    required: ['error'],
    properties: { error: ERROR, truncated: TRUNCATED },
    description: 'The last item of a stream that failed. The transfer breaks after it.',
  },
  [SHARED.status]: {
    type: 'object',
    required: ['code', 'message', 'details'],
    properties: {
      code: { type: 'integer', minimum: 0, maximum: 16, description: 'The number of the gRPC code.' },
      message: { type: 'string' },
      details: DETAILS,
    },
  },
};

const TRAILERS: JsonObject = {
  type: 'object',
  additionalProperties: { anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] },
};

const SSE_SCHEMAS: Readonly<Record<string, JsonObject>> = {
  [SHARED.sseEnd]: sseEvent(
    'end',
    {
      type: 'object',
      required: ['status', 'trailers'],
      properties: { status: reference('components', 'schemas', SHARED.status), trailers: TRAILERS },
    },
    'The call ended with OK. Nothing follows.',
  ),
  [SHARED.sseError]: sseEvent(
    'error',
    {
      type: 'object',
      required: ['error', 'truncated'],
      properties: { error: ERROR, truncated: TRUNCATED },
    },
    'The call failed. Nothing follows. With "retry" and without "id" the same request may succeed later.',
  ),
  [SHARED.sseDropped]: sseEvent(
    'dropped',
    { type: 'object', required: ['count'], properties: { count: { type: 'integer', minimum: 1 } } },
    'How many messages were not delivered since the last such event, because the client was slow.',
  ),
};

/** An event of SSE: the text of its data is JSON. */
export function sseEvent(event: string, data: JsonObject, description: string): JsonObject {
  const isMessage = event === 'message';
  return {
    type: 'object',
    required: isMessage ? ['data'] : ['event', 'data'],
    properties: {
      event: { const: event },
      data: { type: 'string', contentMediaType: 'application/json', contentSchema: data },
      id: { type: 'string' },
      ...(isMessage ? {} : { retry: { type: 'integer' } }),
    },
    description,
  };
}

const STATUSES = CODE_NAMES.map((name) => `- ${httpStatusFromCode(Code[name])}: ${name}`).join('\n');

const ERROR_HEADERS: JsonObject = {
  'grpc-status': { schema: { type: 'integer' }, description: 'The number of the gRPC code.' },
  'sluice-reason': {
    schema: { type: 'string' },
    description: 'Why the gateway itself refused or ended the call; absent for an error of the service.',
  },
  'retry-after': {
    schema: { type: 'integer' },
    description: 'Seconds, where the same request may succeed later.',
  },
  'x-request-id': reference('components', 'headers', 'x-request-id'),
};

const COMPONENTS: Readonly<Record<string, Readonly<Record<string, JsonObject>>>> = {
  schemas: { ...ERROR_SCHEMAS, ...SSE_SCHEMAS },
  responses: {
    [SHARED.error]: {
      description: `The call failed before the head of its response was sent. The HTTP status is that of the gRPC code:\n\n${STATUSES}\n\nWhere HTTP has a more exact one, it is 405, 406, 408, 411, 413, 415, 421, 426 or 431.`,
      headers: ERROR_HEADERS,
      content: { 'application/json': { schema: reference('components', 'schemas', SHARED.error) } },
    },
  },
  headers: {
    'x-request-id': {
      schema: { type: 'string' },
      description: 'The id of the request: that of the client if it sent one, else a new one.',
    },
  },
  parameters: {
    'grpc-timeout': {
      name: 'grpc-timeout',
      in: 'header',
      schema: { type: 'string', pattern: '^[0-9]{1,8}[HMSmun]$' },
      description: 'The deadline of the call, for example "500m" for 500 milliseconds.',
    },
    'last-event-id': {
      name: 'last-event-id',
      in: 'header',
      schema: { type: 'string' },
      description: 'The cursor after which the stream goes on: the id of the last event that the client has.',
    },
    lastEventId: {
      name: 'lastEventId',
      in: 'query',
      schema: { type: 'string' },
      description: 'The same as the header last-event-id, which wins.',
    },
  },
};

/** The components that are ours: only those that a document refers to are in it. */
export class SharedParts {
  readonly #used = new Set<string>();

  /** A reference to one of them. */
  refer(kind: 'schemas' | 'responses' | 'headers' | 'parameters', name: string): JsonObject {
    this.#used.add(`${kind}/${name}`);
    return reference('components', kind, name);
  }

  /** Those that are referred to, below `components`. */
  components(): Readonly<Record<string, JsonObject>> {
    const needs: readonly (readonly [string, string])[] = [
      [`responses/${SHARED.error}`, `schemas/${SHARED.error}`],
      [`responses/${SHARED.error}`, 'headers/x-request-id'],
      [`schemas/${SHARED.sseEnd}`, `schemas/${SHARED.status}`],
    ];
    for (const [user, used] of needs) if (this.#used.has(user)) this.#used.add(used);
    const kinds = Object.entries(COMPONENTS).map(([kind, parts]) => {
      const used = Object.entries(parts).filter(([name]) => this.#used.has(`${kind}/${name}`));
      return [kind, Object.fromEntries(used)] as const;
    });
    return Object.fromEntries(kinds);
  }
}
