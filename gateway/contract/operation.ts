import { fieldComment, type Json, type JsonObject, methodKind } from '../schema/index.js';
import type { DocumentPath, PathPart } from './document-path.js';
import { openApiAccess } from './document-security.js';
import { described, members } from './json-pieces.js';
import {
  type DocumentContext,
  isQuery,
  type Place,
  requestContent,
  responseContent,
} from './media-content.js';
import { CURSOR_PARAMETER, queryParameters } from './query-parameters.js';
import { SHARED } from './shared-parts.js';
import type { TypeSchemas } from './type-schemas.js';

/** One operation of the document to be. */
export interface OperationPlan extends Place {
  readonly id: string;
  readonly path: DocumentPath;
  readonly comment: string;
  readonly deprecated: boolean;
}

/** An Operation Object of OpenAPI. */
export function operationObject(plan: OperationPlan, context: DocumentContext): JsonObject {
  const { method, id, comment, deprecated } = plan;
  return {
    operationId: id,
    tags: [method.service],
    summary: method.name,
    ...described(comment),
    ...(deprecated ? { deprecated: true } : {}),
    parameters: parametersOf(plan, context),
    ...(isQuery(plan) ? {} : { requestBody: bodyOf(plan, context) }),
    responses: responsesOf(plan, context),
    ...openApiAccess(context.security, method, plan.httpMethod),
    'x-sluice-method': { name: method.path.slice(1), kind: methodKind(method) },
  };
}

function parametersOf(plan: OperationPlan, { schemas, shared }: DocumentContext): Json[] {
  const { method, path } = plan;
  const common = [
    'grpc-timeout',
    ...(method.resume === undefined ? [] : ['last-event-id', CURSOR_PARAMETER]),
  ];
  return [
    ...path.parts.map((part) => pathParameter(part, schemas)),
    ...queryOf(plan, schemas),
    ...common.map((name) => shared.refer('parameters', name)),
  ];
}

/** At the gRPC path a body has everything, and so it has where a rule says "*". */
function queryOf(place: Place, schemas: TypeSchemas): JsonObject[] {
  const { method, binding } = place;
  if (!isQuery(place) && (binding === undefined || binding.body === '*')) return [];
  const body = typeof binding?.body === 'object' ? [[binding.body]] : [];
  const inPath = (binding?.variables ?? []).map(({ fieldPath }) => fieldPath);
  return queryParameters(method.input, [...inPath, ...body], schemas);
}

function pathParameter({ name, field, within, open }: PathPart, schemas: TypeSchemas): JsonObject {
  const whole = within === undefined && field !== undefined;
  return {
    name,
    in: 'path',
    required: true,
    ...described(
      field === undefined ? 'Any text; the service does not see it.' : fieldComment(field),
      within === undefined ? '' : `A part of the field "${field?.name}": {${within}}.`,
      open ? 'May have slashes, which are sent as they are and not percent-encoded.' : '',
    ),
    schema: whole ? schemas.ofParameter(field) : { type: 'string' },
    ...members(['x-sluice-multi-segment', open ? true : undefined]),
  };
}

function bodyOf(plan: OperationPlan, context: DocumentContext): JsonObject {
  const { method, binding } = plan;
  const body = binding?.body;
  const isWhole = body === undefined || body === '*';
  const upload = binding === undefined ? undefined : binding.upload;
  const required =
    upload?.declared === true ||
    (!method.requestStream && isWhole && !context.types.mayBeEmpty(method.input));
  const about = method.requestStream
    ? 'One message in each line. Responses may come before the body has ended.'
    : '';
  return { ...described(about), content: requestContent(plan, context), required };
}

function responsesOf(plan: OperationPlan, context: DocumentContext): JsonObject {
  const { method } = plan;
  const { shared } = context;
  const error = shared.refer('responses', SHARED.error);
  const over = { description: 'The last-event-id is that of the end of the stream: there is nothing more.' };
  return {
    '200': {
      description: method.responseStream ? 'The messages of the service.' : 'The message of the service.',
      headers: { 'x-request-id': shared.refer('headers', 'x-request-id') },
      content: responseContent(plan, context),
    },
    ...(method.responseStream ? { '204': over } : {}),
    '4XX': error,
    '5XX': error,
  };
}
