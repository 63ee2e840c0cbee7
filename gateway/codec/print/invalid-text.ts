import { isUtf8 } from 'node:buffer';
import { ScalarType } from '@bufbuild/protobuf';
import { type FieldPlan, fieldOfTag, type MessagePlan } from '../plan/index.js';
import { MAX_DEPTH, WireReader, WireType } from '../primitive/index.js';

/** Names longer than this help nobody. */
const MAX_PATH_LENGTH = 500;
const TYPE_URL_NUMBER = 1;
const VALUE_NUMBER = 2;

/**
 * Where the first string of a message lies that is not valid UTF-8, as "items[3].name"; empty when there is none, or not at a place that
 * has a name. It is looked for after the fault, so that printing does not have to remember where it is.
 */
export function invalidTextPath(plan: MessagePlan, wire: Uint8Array): string {
  return (pathWithin(plan, wire, 0) ?? '').slice(0, MAX_PATH_LENGTH);
}

function pathWithin(plan: MessagePlan, bytes: Uint8Array, depth: number): string | undefined {
  if (depth > MAX_DEPTH) return undefined;
  const counts = new Map<FieldPlan, number>();
  const reader = new WireReader(bytes);
  while (reader.next()) {
    const field = fieldOfTag(plan, ((reader.fieldNumber << 3) | reader.wireType) >>> 0);
    const start = reader.wireType === WireType.LEN ? reader.skipLength() : reader.position;
    if (reader.wireType !== WireType.LEN) reader.skip();
    if (field === undefined) continue;
    const index = counts.get(field) ?? 0;
    counts.set(field, index + 1);
    const inner = pathInValue(field, bytes.subarray(start, reader.valueEnd), depth);
    if (inner === undefined) continue;
    // A well-known type is one value in JSON: what is in it has no name there.
    if (plan.wellKnown) return inner;
    const name = field.arity === 'list' ? `${field.jsonName}[${index}]` : field.jsonName;
    return inner === '' || inner.startsWith('[') ? `${name}${inner}` : `${name}.${inner}`;
  }
  return undefined;
}

/** Empty when the value itself is the string. */
function pathInValue(field: FieldPlan, value: Uint8Array, depth: number): string | undefined {
  if (field.scalar === ScalarType.STRING) return isUtf8(value) ? undefined : '';
  const plan = field.entry ?? field.message;
  if (plan === undefined) return undefined;
  return pathWithin(plan, value, depth + 1) ?? pathInAny(plan, value, depth + 1);
}

/** What a google.protobuf.Any holds lies in its bytes. */
function pathInAny(plan: MessagePlan, bytes: Uint8Array, depth: number): string | undefined {
  if (!plan.wellKnown || plan.typeName !== 'google.protobuf.Any') return undefined;
  const reader = new WireReader(bytes);
  let target: MessagePlan | undefined;
  let content: Uint8Array | undefined;
  while (reader.next()) {
    if (reader.wireType !== WireType.LEN) {
      reader.skip();
      continue;
    }
    const value = reader.lengthDelimited();
    if (reader.fieldNumber === VALUE_NUMBER) content = value;
    if (reader.fieldNumber === TYPE_URL_NUMBER) {
      const typeUrl = Buffer.from(value).toString('utf8');
      target = plan.resolve(typeUrl.slice(typeUrl.lastIndexOf('/') + 1));
    }
  }
  if (target === undefined || content === undefined) return undefined;
  return pathWithin(target, content, depth) ?? pathInAny(target, content, depth + 1);
}
