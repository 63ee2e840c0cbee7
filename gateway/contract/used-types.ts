import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { FeatureSet_FieldPresence } from '@bufbuild/protobuf/wkt';
import type { Steps } from '../async/index.js';
import { isOutputOnly, isRequiredByService, type Schema } from '../schema/index.js';
import { wellKnownSchema } from './scalar-schema.js';

/** Whether a type is described as clients send it, or as the gateway sends it. */
export type Side = 'request' | 'response';

/**
 * The types that the methods of a schema use, and their names in documents. A field that `google.api.field_behavior` requires must be in
 * requests; a response leaves it out where it has its default value, as ProtoJSON does. So a message that both sides use, and that has such
 * a field anywhere in it, has two names. Takes time in proportion to the types.
 */
export class UsedTypes {
  /** Messages whose JSON is an object of their fields, and those that are described as a whole; in the order in which they are met. */
  readonly messages: ReadonlySet<DescMessage>;
  readonly #sent: ReadonlySet<DescMessage>;
  /** They have, themselves or further in, a field that requests must have. */
  readonly #demanding: ReadonlySet<DescMessage>;

  private constructor(
    messages: ReadonlySet<DescMessage>,
    sent: ReadonlySet<DescMessage>,
    demanding: ReadonlySet<DescMessage>,
  ) {
    this.messages = messages;
    this.#sent = sent;
    this.#demanding = demanding;
  }

  /** Those of a schema, type by type. */
  static *steps({ methods }: Pick<Schema, 'methods'>): Steps<UsedTypes> {
    const all = [...methods.values()];
    const sent = reachable(all.map(({ input }) => input));
    yield;
    const received = reachable(all.map(({ output }) => output));
    yield;
    const messages = new Set([...sent, ...received]);
    const demanding: DescMessage[] = [];
    for (const message of messages) {
      if (hasDemand(message)) demanding.push(message);
      yield;
    }
    return new UsedTypes(messages, sent, usersOf(demanding, messages));
  }

  /** The name of a message in documents: that of its type, and for a response that differs from the request one with a hyphen. */
  nameOf(message: DescMessage, side: Side): string {
    const differs = side === 'response' && this.#sent.has(message) && this.#demanding.has(message);
    return differs ? `${message.typeName}-response` : message.typeName;
  }

  /** Whether a request without a body can be one that the service takes. */
  mayBeEmpty(message: DescMessage): boolean {
    return !message.fields.some((field) => isRequired(field, 'request'));
  }
}

/** Whether the JSON of a message always has a field. */
export function isRequired(field: DescField, side: Side): boolean {
  if (field.presence === FeatureSet_FieldPresence.LEGACY_REQUIRED) return true;
  return side === 'request' && isDemanded(field);
}

function isDemanded(field: DescField): boolean {
  return isRequiredByService(field) && !isOutputOnly(field);
}

function hasDemand({ fields }: DescMessage): boolean {
  return fields.some(isDemanded);
}

function reachable(roots: readonly DescMessage[]): Set<DescMessage> {
  const found = new Set(roots);
  // A set takes what is added while it is walked.
  for (const message of found) {
    if (wellKnownSchema(message) !== undefined) continue;
    for (const field of message.fields) if (field.message !== undefined) found.add(field.message);
  }
  return found;
}

/** The given messages, and all that have them somewhere within. */
function usersOf(roots: readonly DescMessage[], all: Iterable<DescMessage>): Set<DescMessage> {
  const users = new Map<DescMessage, DescMessage[]>();
  for (const message of all) {
    for (const { message: used } of message.fields) {
      if (used === undefined) continue;
      const known = users.get(used);
      if (known === undefined) users.set(used, [message]);
      else known.push(message);
    }
  }
  const found = new Set(roots);
  for (const message of found) for (const user of users.get(message) ?? []) found.add(user);
  return found;
}
