import { Edition } from '@bufbuild/protobuf/wkt';
import { jsonNameFromProto } from '../base/index.js';
import { DescriptorWriter } from './descriptor-writer.js';
import type {
  EnumDraft,
  EnumValueDraft,
  FieldDraft,
  FileDraft,
  MessageDraft,
  MethodDraft,
  OneofDraft,
  RangeDraft,
  ServiceDraft,
} from './draft.js';
import type { OptionsDraft } from './options-draft.js';
import { writeOptionMessage } from './write-options.js';

/** A character of a source becomes about two bytes of its descriptor, most of them its places. */
const BYTES_A_CHAR = 2.5;
/** MessageOptions with map_entry. */
const MAP_ENTRY = Uint8Array.of(7 * 8, 1);

/** What is read of a file as a serialized google.protobuf.FileDescriptorProto; fields are in the order of their numbers, as everybody writes them. */
export function fileBytes(draft: FileDraft): Uint8Array {
  const writer = new DescriptorWriter(draft.reader.source.text.length * BYTES_A_CHAR);
  writer.textField(1, draft.name);
  if (draft.package !== '') writer.textField(2, draft.package);
  for (const name of draft.dependency) writer.textField(3, name);
  for (const message of draft.messageType) writeMessage(writer, 4, message);
  for (const one of draft.enumType) writeEnum(writer, 5, one);
  for (const service of draft.service) writeService(writer, service);
  for (const extension of draft.extension) writeField(writer, 7, extension);
  writeOptions(writer, 8, draft.options);
  writer.bytesField(9, draft.locations.written());
  for (const index of draft.publicDependency) writer.numberField(10, index);
  for (const index of draft.weakDependency) writer.numberField(11, index);
  if (draft.syntax !== 'proto2') writer.textField(12, draft.syntax);
  if (draft.syntax === 'editions') writer.numberField(14, Edition.EDITION_2023);
  // A copy, which has no room behind it.
  return Buffer.from(writer.written());
}

function writeMessage(writer: DescriptorWriter, number: number, message: MessageDraft): void {
  const start = writer.begin(number);
  writer.textField(1, message.name);
  for (const field of message.field) writeField(writer, 2, field);
  for (const nested of message.nestedType) writeMessage(writer, 3, nested);
  for (const one of message.enumType) writeEnum(writer, 4, one);
  for (const range of message.extensionRange) writeRange(writer, 5, range);
  for (const extension of message.extension) writeField(writer, 6, extension);
  if (message.isMapEntry) writer.bytesField(7, MAP_ENTRY);
  writeOptions(writer, 7, message.options);
  for (const oneof of message.oneofDecl) writeOneof(writer, oneof);
  for (const range of message.reservedRange) writeRange(writer, 9, range);
  for (const name of message.reservedName) writer.textField(10, name);
  writer.end(start);
}

function writeField(writer: DescriptorWriter, number: number, field: FieldDraft): void {
  const start = writer.begin(number);
  writer.textField(1, field.name);
  if (field.extendee !== '') writer.textField(2, field.extendee);
  writer.numberField(3, field.number);
  writer.numberField(4, field.label);
  if (field.type !== 0) writer.numberField(5, field.type);
  if (field.typeName !== '') writer.textField(6, field.typeName);
  if (field.defaultValue !== undefined) writer.textField(7, field.defaultValue);
  writeOptions(writer, 8, field.options);
  if (field.oneofIndex !== -1) writer.numberField(9, field.oneofIndex);
  writer.textField(10, field.jsonName ?? jsonNameFromProto(field.name));
  if (field.proto3Optional) writer.numberField(17, 1);
  writer.end(start);
}

function writeOneof(writer: DescriptorWriter, oneof: OneofDraft): void {
  const start = writer.begin(8);
  writer.textField(1, oneof.name);
  writeOptions(writer, 2, oneof.options);
  writer.end(start);
}

function writeRange(writer: DescriptorWriter, number: number, range: RangeDraft): void {
  const start = writer.begin(number);
  writer.int32Field(1, range.start);
  writer.int32Field(2, range.end);
  writeOptions(writer, 3, range.options);
  writer.end(start);
}

function writeEnum(writer: DescriptorWriter, number: number, one: EnumDraft): void {
  const start = writer.begin(number);
  writer.textField(1, one.name);
  for (const value of one.value) writeValue(writer, value);
  writeOptions(writer, 3, one.options);
  for (const range of one.reservedRange) writeRange(writer, 4, range);
  for (const name of one.reservedName) writer.textField(5, name);
  writer.end(start);
}

function writeValue(writer: DescriptorWriter, value: EnumValueDraft): void {
  const start = writer.begin(2);
  writer.textField(1, value.name);
  writer.int32Field(2, value.number);
  writeOptions(writer, 3, value.options);
  writer.end(start);
}

function writeService(writer: DescriptorWriter, service: ServiceDraft): void {
  const start = writer.begin(6);
  writer.textField(1, service.name);
  for (const method of service.method) writeMethod(writer, method);
  writeOptions(writer, 3, service.options);
  writer.end(start);
}

function writeMethod(writer: DescriptorWriter, method: MethodDraft): void {
  const start = writer.begin(2);
  writer.textField(1, method.name);
  writer.textField(2, method.inputType);
  writer.textField(3, method.outputType);
  writeOptions(writer, 4, method.options);
  if (method.clientStreaming) writer.numberField(5, 1);
  if (method.serverStreaming) writer.numberField(6, 1);
  writer.end(start);
}

function writeOptions(writer: DescriptorWriter, number: number, options: OptionsDraft | undefined): void {
  if (options === undefined) return;
  const start = writer.begin(number);
  if (options.message !== undefined) writeOptionMessage(writer, options.message);
  writer.end(start);
}
