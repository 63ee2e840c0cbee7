import { finished, type Steps } from '../../async/index.js';
import type { Schema } from '../load/index.js';
import type { HttpBinding, Json, Method } from '../method/index.js';
import type { SchemaProblem } from '../problem/index.js';
import { serviceComment } from './comments.js';
import { exampleJson } from './example.js';

export interface SchemaDescription {
  readonly services: readonly ServiceDescription[];
  /** What of the schema cannot be used, why, and in which file. */
  readonly problems: readonly SchemaProblem[];
}

export interface ServiceDescription {
  /** "pkg.Service" */
  readonly name: string;
  /** The comment above it; "" when the descriptors have none. */
  readonly comment: string;
  readonly methods: readonly MethodDescription[];
}

export interface MethodDescription {
  readonly name: string;
  /** "/pkg.Service/Method" */
  readonly path: string;
  readonly kind: 'unary' | 'server_stream' | 'client_stream' | 'bidi_stream';
  readonly comment: string;
  readonly safe: boolean;
  readonly file: boolean;
  /** Where in a request the bytes of a file are: names of fields, joined by dots. Left out where there are none. */
  readonly upload: string | undefined;
  /** Whether its stream can go on from a cursor. */
  readonly resumable: boolean;
  /** Whether it has a rule for recordings: its calls can be detached. */
  readonly recorded: boolean;
  /** The names of its message types. */
  readonly input: string;
  readonly output: string;
  readonly http: readonly HttpDescription[];
  /** A request to begin with, from `(sluice.v1.example)` or made up; the first message of a stream. */
  readonly example: Json;
}

export interface HttpDescription {
  readonly method: string;
  readonly path: string;
  /** "*", the name of a field, or "" for none. */
  readonly body: string;
}

/** What can be called, as plain JSON: for `/_sluice/services` and the page. Costs a walk over all types: keep it. */
export function describeSchema(schema: Schema): SchemaDescription {
  return finished(descriptionSteps(schema));
}

/** The same, method by method. */
export function* descriptionSteps(schema: Schema): Steps<SchemaDescription> {
  const services: ServiceDescription[] = [];
  for (const service of schema.services) {
    const methods: MethodDescription[] = [];
    for (const [index, desc] of service.methods.entries()) {
      const method = schema.methods.get(`/${service.typeName}/${desc.name}`);
      if (method !== undefined) methods.push(describeMethod(method, serviceComment(service, index)));
      yield;
    }
    services.push({ name: service.typeName, comment: serviceComment(service), methods });
  }
  return { services, problems: schema.problems };
}

function describeMethod(method: Method, comment: string): MethodDescription {
  return {
    name: method.name,
    path: method.path,
    kind: methodKind(method),
    comment,
    safe: method.safe,
    file: method.file,
    upload: uploadPath(method),
    resumable: method.resume !== undefined,
    recorded: method.recording !== undefined,
    input: method.input.typeName,
    output: method.output.typeName,
    http: method.bindings.map(describeBinding),
    example: method.example ?? exampleJson(method.input, method.bindings),
  };
}

/** Who streams in a method. */
export function methodKind({ requestStream, responseStream }: Method): MethodDescription['kind'] {
  if (requestStream) return responseStream ? 'bidi_stream' : 'client_stream';
  return responseStream ? 'server_stream' : 'unary';
}

/** At the gRPC path, else at the first rule that has one. */
function uploadPath({ upload, bindings }: Method): string | undefined {
  const content = upload ?? bindings.find((binding) => binding.upload !== undefined)?.upload;
  return content?.path.map(({ name }) => name).join('.');
}

function describeBinding({ httpMethod, template, body }: HttpBinding): HttpDescription {
  return { method: httpMethod, path: template, body: typeof body === 'string' ? body : (body?.name ?? '') };
}
