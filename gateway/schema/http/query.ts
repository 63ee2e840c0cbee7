import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { RpcError } from '../../status/index.js';
import type { HttpBinding, JsonObject } from '../method/index.js';
import { invalid, parameterFromName } from './parameter-name.js';
import { RequestFields } from './request-fields.js';
import type { PathValue } from './route.js';

export interface QueryOptions {
  /** Names of parameters that are the gateway's own; they are passed over, even where a field has that name. */
  readonly reserved?: ReadonlySet<string>;
}

/** A head is at most 16 KiB in Node, so this bounds what is made of it rather than what may be asked. */
const MAX_PARAMETERS = 1000;

/**
 * The ProtoJSON of a request that has no body: path variables and query parameters. Parameters are dotted paths by
 * proto or JSON names; repeated fields may be given more than once; entries of a map are `labels[key]`; enums are names or numbers,
 * `bytes` base64; wrappers, Timestamp, Duration and FieldMask are their JSON strings, lists and maps of them too. Source:
 * google/api/http.proto, and grpc-gateway for maps, which it does not have. Throws `RpcError` INVALID_ARGUMENT naming the parameter when
 * there is no such field, it is given twice, also by the path, it is a list or map of other messages, or it has a rival in its oneof. The
 * codec checks numbers and formats.
 */
export function requestJson(
  input: DescMessage,
  pathValues: readonly PathValue[],
  query: URLSearchParams,
  options: QueryOptions = {},
): JsonObject {
  const fields = new RequestFields();
  setPathValues(fields, pathValues);
  setQuery(fields, input, pathValues, undefined, query, options);
  return fields.json;
}

/**
 * The same beside a body. With body "*" there are no query parameters; with body "f" the query has everything but that field, and the path
 * may set what is within it. Throws `RpcError` INVALID_ARGUMENT naming the parameter. Source: google/api/http.proto, "Rules for HTTP mapping".
 */
export function jsonBesideBody(
  input: DescMessage,
  body: HttpBinding['body'],
  pathValues: readonly PathValue[],
  query: URLSearchParams,
  options: QueryOptions = {},
): JsonObject {
  if (body === undefined) return requestJson(input, pathValues, query, options);
  const fields = new RequestFields();
  setPathValues(fields, pathValues);
  if (body === '*') {
    for (const name of query.keys()) {
      if (!options.reserved?.has(name))
        throw invalid(name, 'is not allowed: this path takes every field from the body');
    }
    return fields.json;
  }
  setQuery(fields, input, pathValues, body, query, options);
  return fields.json;
}

/** Throws INVALID_ARGUMENT when the address has another field of the body's oneof: one message cannot hold both. */
export function assertNoRival(body: HttpBinding['body'], json: JsonObject): void {
  if (typeof body !== 'object') return;
  const rival = body.oneof?.fields.find((field) => field !== body && Object.hasOwn(json, field.jsonName));
  if (rival !== undefined) throw invalid(rival.name, `and the body, "${body.name}", exclude each other`);
}

/** The fields that path variables and query parameters set. Throws `RpcError` INVALID_ARGUMENT for a parameter that is none. */
export function fieldsInAddress(
  input: DescMessage,
  pathValues: readonly PathValue[],
  query: URLSearchParams,
  { reserved }: QueryOptions = {},
): (readonly DescField[])[] {
  const named = [...query.keys()].filter((name) => !reserved?.has(name));
  return [
    ...pathValues.map(({ variable }) => variable.fieldPath),
    ...named.map((name) => parameterFromName(input, name).path),
  ];
}

function setPathValues(fields: RequestFields, pathValues: readonly PathValue[]): void {
  for (const { variable, value } of pathValues)
    fields.set({ path: variable.fieldPath, key: undefined }, value, pathName(variable.fieldPath));
}

function setQuery(
  fields: RequestFields,
  input: DescMessage,
  pathValues: readonly PathValue[],
  bodyField: DescField | undefined,
  query: URLSearchParams,
  { reserved }: QueryOptions,
): void {
  if (query.size === 0) return;
  let count = 0;
  const inPath = new Set(pathValues.map(({ variable }) => pathName(variable.fieldPath)));
  for (const [name, value] of query) {
    if (reserved?.has(name)) continue;
    count += 1;
    if (count > MAX_PARAMETERS) {
      throw new RpcError('INVALID_PARAMETER', `more than ${MAX_PARAMETERS} query parameters`);
    }
    const parameter = parameterFromName(input, name);
    const { path } = parameter;
    if (inPath.has(pathName(path))) throw invalid(name, 'is given by the path already');
    if (path[0] === bodyField) throw invalid(name, 'belongs into the body');
    fields.set(parameter, value, name);
  }
}

function pathName(path: readonly DescField[]): string {
  return path.map((field) => field.name).join('.');
}
