import type { DescMessage } from '@bufbuild/protobuf';
import { parseNested } from '../parse/index.js';
import type { FieldPlan, MessagePlan, Parser } from '../plan/index.js';
import { varint } from '../primitive/index.js';
import {
  ITEM_END_TAG,
  ITEM_MESSAGE_TAG,
  ITEM_NUMBER_TAG,
  ITEM_TAG,
  printMessageSet,
} from '../print/index.js';

const ITEM_END = Uint8Array.of(ITEM_END_TAG);

/**
 * Whether the extensions of a message stand in it as items of a set, not as fields: the oldest form of extensions, option
 * `message_set_wire_format`. Such a message has no fields of its own, and all its extensions are single messages.
 * Source: https://protobuf.com/docs/language-spec#message-set-wire-format
 */
export function isMessageSet(type: DescMessage, plan: MessagePlan): boolean {
  return (
    type.proto.options?.messageSetWireFormat === true &&
    type.fields.length === 0 &&
    plan.fields.every((field) => field.arity === 'singular' && field.message !== undefined)
  );
}

/** What a message set changes in its plan: its JSON is that of any message with extensions, its wire is not. */
export function finishMessageSet(plan: MessagePlan): void {
  plan.printFields = printMessageSet;
  // Nothing but `printMessageSet` looks at its records: `arrange` finds nothing to put in order.
  plan.byTag.fill(undefined);
  plan.byLargeTag.clear();
  for (const field of plan.fields) {
    field.tagBytes = Uint8Array.of(ITEM_TAG, ITEM_NUMBER_TAG, ...varint(field.number), ITEM_MESSAGE_TAG);
    field.parseValue = parseItem;
  }
}

function parseItem(parser: Parser, field: FieldPlan): void {
  parseNested(parser, field);
  parser.tag(ITEM_END);
}
