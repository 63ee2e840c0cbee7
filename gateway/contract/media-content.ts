import type { DescField } from '@bufbuild/protobuf';
import type { HttpBinding, JsonObject, Method } from '../schema/index.js';
import type { DocumentSecurity } from './document-security.js';
import type { SharedParts } from './shared-parts.js';
import { SHARED, sseEvent } from './shared-parts.js';
import type { TypeSchemas } from './type-schemas.js';
import type { UsedTypes } from './used-types.js';

/** A method at one of its paths; without a binding at its gRPC path. */
export interface Place {
  readonly method: Method;
  readonly binding: HttpBinding | undefined;
  /** As sent, for example "GET". */
  readonly httpMethod: string;
}

/** What the parts of a document are made with. */
export interface DocumentContext {
  readonly schemas: TypeSchemas;
  readonly shared: SharedParts;
  readonly types: UsedTypes;
  readonly security: DocumentSecurity | undefined;
  readonly key: StreamKey;
}

/** How a document says that a body is a sequence of items: `itemSchema` since OpenAPI 3.2. */
export type StreamKey = 'schema' | 'itemSchema';

const BYTES = 'application/octet-stream';
const NDJSON = 'application/x-ndjson';

/** Whether the request is all in path and query. */
export function isQuery({ method, binding, httpMethod }: Place): boolean {
  if (method.requestStream) return false;
  return binding === undefined ? httpMethod === 'GET' : binding.body === undefined;
}

/** What the body of a request may be, by media type. */
export function requestContent(place: Place, { schemas, key }: DocumentContext): JsonObject {
  const { method, binding, httpMethod } = place;
  const upload = binding === undefined ? method.upload : binding.upload;
  const content: JsonObject = {};
  if (upload !== undefined) content[upload.declared && binding !== undefined ? '*/*' : BYTES] = {};
  const schema = bodySchema(place, schemas);
  if (method.requestStream) {
    content[NDJSON] = stream(key, 'ndjson', schema);
    return content;
  }
  content['application/json'] = { schema };
  if (binding !== undefined && httpMethod === 'PATCH') content['application/merge-patch+json'] = { schema };
  return content;
}

function bodySchema({ method, binding, httpMethod }: Place, schemas: TypeSchemas): JsonObject {
  const { input } = method;
  const body = binding?.body;
  const inPath = (binding?.variables ?? []).map(({ fieldPath }) => fieldPath);
  if (typeof body === 'object') {
    const { message } = body;
    if (body.fieldKind !== 'message' || message === undefined) return schemas.ofField(body, 'request');
    // What a patch leaves out stays as it is.
    if (httpMethod === 'PATCH') return schemas.ofMessage(message, 'response');
    return schemas.without(message, fieldsAt(inPath, 1));
  }
  if (httpMethod === 'PATCH' && binding !== undefined) return schemas.ofMessage(input, 'response');
  return schemas.without(input, fieldsAt(inPath, 0));
}

function fieldsAt(paths: readonly (readonly DescField[])[], depth: number): Set<DescField> {
  return new Set(paths.flatMap((path) => (path.length === depth + 1 ? (path[depth] ?? []) : [])));
}

/** What a response may be, by media type; the first one is what clients get that do not mind. */
export function responseContent({ method, binding }: Place, context: DocumentContext): JsonObject {
  const { schemas, shared, key } = context;
  const schema =
    binding?.responseBody === undefined
      ? schemas.ofMessage(method.output, 'response')
      : schemas.ofResponseField(binding.responseBody);
  const content: JsonObject = {};
  const download = binding === undefined ? method.download : binding.download;
  if (download !== undefined) {
    content[download.declared && binding !== undefined && download.mediaType !== undefined ? '*/*' : BYTES] =
      {};
  }
  if (!method.responseStream) return { ...content, 'application/json': { schema } };
  const items = { anyOf: [schema, shared.refer('schemas', SHARED.streamError)] };
  return {
    ...content,
    [NDJSON]: stream(key, 'ndjson', items),
    'text/event-stream': stream(key, 'sse', eventsOf(method, schema, shared)),
    'application/json': { schema: { type: 'array', items } },
    'application/json-seq': stream(key, 'json-seq', items),
  };
}

/** Before 3.2 there is no word for a sequence: `schema` is then that of one item, and an extension says so. */
function stream(key: StreamKey, form: string, item: JsonObject): JsonObject {
  return key === 'itemSchema' ? { itemSchema: item } : { schema: item, 'x-sluice-stream': form };
}

function eventsOf({ slowReader, resume }: Method, data: JsonObject, shared: SharedParts): JsonObject {
  const drops = slowReader.policy === 'conflate' || slowReader.policy === 'drop-oldest';
  const id = resume === undefined ? '' : ' Its id is the cursor.';
  const names = [SHARED.sseEnd, SHARED.sseError, ...(drops ? [SHARED.sseDropped] : [])];
  return {
    anyOf: [
      sseEvent('message', data, `One message.${id}`),
      ...names.map((name) => shared.refer('schemas', name)),
    ],
  };
}
