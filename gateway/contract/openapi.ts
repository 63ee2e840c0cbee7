import type { Steps } from '../async/index.js';
import {
  COMMON_METHODS,
  type HttpBinding,
  type JsonObject,
  type Method,
  type Schema,
  serviceComment,
} from '../schema/index.js';
import { type DocumentPath, documentPath } from './document-path.js';
import { DocumentPaths, type OpenApiVersion } from './document-paths.js';
import { type DocumentSecurity, openApiSchemes } from './document-security.js';
import { described, members } from './json-pieces.js';
import type { OperationPlan } from './operation.js';
import { SharedParts } from './shared-parts.js';
import { TypeSchemas } from './type-schemas.js';
import { UsedTypes } from './used-types.js';

/** What a document says about the gateway it is of. */
export interface DocumentSettings {
  /** Where the paths begin, for example "/api"; "" without a prefix. */
  readonly basePath: string;
  /** Changes when the schema does. */
  readonly version: string;
  /** Absent: the gateway knows no clients. */
  readonly security?: DocumentSecurity | undefined;
}

const ABOUT = `Every method of the services, as the gateway serves it over HTTP. JSON is canonical ProtoJSON.

- GET paths answer HEAD as well. A stream is a WebSocket at the same paths: asyncapi.json describes these.
- Request headers that begin with grpc-metadata- are passed on to the service as metadata; its own metadata and trailers come back as headers that begin with grpc-metadata- and grpc-trailer-.
- Where several media types are listed, the header accept chooses.`;

/** The OpenAPI document of a schema, operation by operation: one for each method at its gRPC path, and for each of its HTTP rules. */
export function* openApiSteps(
  schema: Schema,
  version: OpenApiVersion,
  { basePath, version: revision, security }: DocumentSettings,
): Steps<JsonObject> {
  const types = yield* UsedTypes.steps(schema);
  const schemas = new TypeSchemas(types, true);
  const shared = new SharedParts();
  const key = version === '3.1' ? 'schema' : 'itemSchema';
  const context = { schemas, shared, types, security, key } as const;
  const paths = new DocumentPaths(version);
  // A rule for one HTTP method goes before one for all of them.
  const plans: OperationPlan[] = [];
  for (const plan of operationPlans(schema)) {
    plans.push(plan);
    yield;
  }
  for (const plan of [...plans.filter((each) => !isForAny(each)), ...plans.filter(isForAny)]) {
    paths.add(plan, context);
    yield;
  }
  const { schemas: ownSchemas, ...others } = shared.components();
  return {
    openapi: `${version}.0`,
    info: { title: titleOf(schema), version: revision, description: ABOUT },
    servers: [{ url: basePath === '' ? '/' : basePath }],
    ...(security === undefined && { security: [{}, { authorization: [] }] }),
    tags: schema.services.map((service) => ({
      name: service.typeName,
      ...described(serviceComment(service)),
    })),
    paths: paths.object(),
    components: {
      schemas: { ...ownSchemas, ...(yield* schemas.components()) },
      ...others,
      securitySchemes: openApiSchemes(security),
    },
    ...members(['x-sluice-not-listed', paths.leftOut.length === 0 ? undefined : paths.leftOut]),
  };
}

function isForAny({ binding }: OperationPlan): boolean {
  return binding?.httpMethod === '*';
}

/** The services by name, as long as that is a title. */
export function titleOf({ services }: Pick<Schema, 'services'>): string {
  const names = services.map(({ typeName }) => typeName);
  return names.length > 3 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ');
}

/** The operations in the order of declaration. */
function* operationPlans(schema: Schema): Iterable<OperationPlan> {
  for (const service of schema.services) {
    for (const [index, desc] of service.methods.entries()) {
      const method = schema.methods.get(`/${service.typeName}/${desc.name}`);
      if (method === undefined) continue;
      const shared = {
        method,
        comment: serviceComment(service, index),
        deprecated: desc.deprecated || service.deprecated,
      };
      const id = `${method.service}.${method.name}`;
      const path: DocumentPath = { path: method.path, shape: method.path, parts: [] };
      if (method.safe && !method.requestStream) {
        yield { ...shared, id: `${id}-get`, path, binding: undefined, httpMethod: 'GET' };
      }
      yield { ...shared, id, path, binding: undefined, httpMethod: 'POST' };
      for (const [at, binding] of method.bindings.entries()) {
        // The gRPC path goes before every rule.
        if (binding.template === method.path) continue;
        const kinds = httpMethodsOf(binding, method);
        for (const httpMethod of kinds) {
          const own = kinds.length === 1 ? '' : `-${httpMethod.toLowerCase()}`;
          yield { ...shared, id: `${id}-${at + 1}${own}`, path: documentPath(binding), binding, httpMethod };
        }
      }
    }
  }
}

/** A stream of requests needs a body; a rule for every HTTP method is listed under those that clients use. */
function httpMethodsOf({ httpMethod, body }: HttpBinding, { requestStream }: Method): readonly string[] {
  const withBody = requestStream || body !== undefined;
  if (httpMethod !== '*') return requestStream && /^(?:GET|HEAD)$/.test(httpMethod) ? [] : [httpMethod];
  return COMMON_METHODS.filter((each) => each !== 'HEAD' && !(withBody && /^(?:GET|DELETE)$/.test(each)));
}
