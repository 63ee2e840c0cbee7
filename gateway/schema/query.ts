import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { Code, RpcError } from '../status/index.js';
import { enumZero, scalarZero } from './example.js';
import type { HttpBinding } from './http-rule.js';
import {
  childObject,
  fieldsFromName,
  invalid,
  type Json,
  type JsonObject,
  RequestFields,
} from './request-fields.js';
import type { PathValue } from './schema.js';

export interface QueryOptions {
  /** Names of parameters that are the gateway's own; they are passed over, even where a field has that name. */
  readonly reserved?: ReadonlySet<string>;
}

/** A head is at most 16 KiB in Node, so this bounds what is made of it rather than what may be asked. */
const MAX_PARAMETERS = 1000;

/**
 * The ProtoJSON of a request that has no body: path variables and query parameters. Parameters are dotted paths by
 * proto or JSON names; repeated scalars may be given more than once; enums are names or numbers, `bytes` base64;
 * wrappers, Timestamp, Duration and FieldMask are their JSON strings. Source: google/api/http.proto.
 * Throws `RpcError` INVALID_ARGUMENT naming the parameter when there is no such field, it is given twice, also by the
 * path, it is a map or a list of messages, or it has a rival in its oneof. The codec checks numbers and formats.
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
 * The ProtoJSON of a request with the body that its binding asks for. `body` is parsed JSON, `undefined` when the
 * request has none. With body "*" there are no query parameters, and the path wins over the same field in the body;
 * with body "f" the body is that field and the query has the rest; without, a body is refused. The given
 * objects are not changed. Throws `RpcError` INVALID_ARGUMENT. Source: google/api/http.proto, "Rules for HTTP mapping".
 */
export function bindBody(
  input: DescMessage,
  binding: HttpBinding,
  body: Json | undefined,
  pathValues: readonly PathValue[],
  query: URLSearchParams,
  options: QueryOptions = {},
): JsonObject {
  if (binding.body === undefined) {
    if (body !== undefined)
      throw new RpcError(Code.INVALID_ARGUMENT, 'this path takes no body; send the fields in the query');
    return requestJson(input, pathValues, query, options);
  }
  if (binding.body === '*') {
    for (const name of query.keys()) {
      if (!options.reserved?.has(name))
        throw invalid(name, 'is not allowed: this path takes every field from the body');
    }
    if (body !== undefined && !isObject(body))
      throw new RpcError(Code.INVALID_ARGUMENT, 'the body must be a JSON object');
    const json = copyObject(body ?? {});
    overridePath(json, pathValues);
    return json;
  }
  const fields = new RequestFields();
  const outside = pathValues.filter(({ variable }) => variable.fieldPath[0] !== binding.body);
  setPathValues(fields, outside);
  setQuery(fields, input, pathValues, binding.body, query, options);
  const { json } = fields;
  const rival = binding.body.oneof?.fields.find((field) => Object.hasOwn(json, field.jsonName));
  if (rival !== undefined)
    throw invalid(rival.name, `and the body, "${binding.body.name}", exclude each other`);
  if (body !== undefined) json[binding.body.jsonName] = isObject(body) ? copyObject(body) : body;
  overridePath(
    json,
    pathValues.filter(({ variable }) => variable.fieldPath[0] === binding.body),
  );
  return json;
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
    ...named.map((name) => fieldsFromName(input, name)),
  ];
}

/**
 * What of a response's ProtoJSON is the HTTP body: the field of `response_body`, or all of it. A field that ProtoJSON
 * leaves out because it is empty gets its empty value; an absent message is null.
 */
export function pickResponse(binding: HttpBinding | undefined, json: Json): Json {
  const field = binding?.responseBody;
  if (field === undefined) return json;
  if (isObject(json) && Object.hasOwn(json, field.jsonName)) return json[field.jsonName] as Json;
  return emptyJson(field);
}

function setPathValues(fields: RequestFields, pathValues: readonly PathValue[]): void {
  for (const { variable, value } of pathValues)
    fields.set(variable.fieldPath, value, pathName(variable.fieldPath));
}

function setQuery(
  fields: RequestFields,
  input: DescMessage,
  pathValues: readonly PathValue[],
  bodyField: DescField | undefined,
  query: URLSearchParams,
  { reserved }: QueryOptions,
): void {
  let count = 0;
  const inPath = new Set(pathValues.map(({ variable }) => pathName(variable.fieldPath)));
  for (const [name, value] of query) {
    if (reserved?.has(name)) continue;
    count += 1;
    if (count > MAX_PARAMETERS) {
      throw new RpcError(Code.INVALID_ARGUMENT, `more than ${MAX_PARAMETERS} query parameters`);
    }
    const path = fieldsFromName(input, name);
    if (inPath.has(pathName(path))) throw invalid(name, 'is given by the path already');
    if (path[0] === bodyField) throw invalid(name, 'belongs into the body');
    fields.set(path, value, name);
  }
}

/** The path wins, under whichever of its names the body has the field. */
function overridePath(json: JsonObject, pathValues: readonly PathValue[]): void {
  const values = new RequestFields();
  setPathValues(values, pathValues);
  for (const { variable } of pathValues) {
    let target = json;
    let value: Json = values.json;
    for (const [index, field] of variable.fieldPath.entries()) {
      if (field.name !== field.jsonName && Object.hasOwn(target, field.name)) {
        if (!Object.hasOwn(target, field.jsonName)) target[field.jsonName] = target[field.name] as Json;
        delete target[field.name];
      }
      value = isObject(value) ? (value[field.jsonName] ?? null) : null;
      if (index === variable.fieldPath.length - 1) target[field.jsonName] = value;
      else {
        const old = target[field.jsonName];
        if (Object.hasOwn(target, field.jsonName) && isObject(old)) target[field.jsonName] = copyObject(old);
        target = childObject(target, field.jsonName);
      }
    }
  }
}

function pathName(path: readonly DescField[]): string {
  return path.map((field) => field.name).join('.');
}

function isObject(json: Json | undefined): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

/** Without a prototype: a body may have a member called `__proto__`. */
function copyObject(json: JsonObject): JsonObject {
  return Object.assign(Object.create(null) as JsonObject, json);
}

function emptyJson(field: DescField): Json {
  if (field.fieldKind === 'list') return [];
  if (field.fieldKind === 'map') return {};
  if (field.fieldKind === 'message') return null;
  if (field.fieldKind === 'enum') return enumZero(field);
  return scalarZero(field.scalar);
}
