import {
  FieldDescriptorProto_Label as Label,
  type FieldDescriptorProto_Type as Type,
} from '@bufbuild/protobuf/wkt';
import type { OptionsDraft } from './options-draft.js';
import { SourceLocations } from './source-locations.js';
import type { TokenReader } from './token-reader.js';

/**
 * What is read of a file, before it becomes a descriptor. It is called as in descriptor.proto, but plain: messages of protobuf cost several times as much, and
 * nobody needs them before they are bytes.
 */
export class FileDraft {
  readonly name: string;
  readonly reader: TokenReader;
  readonly syntax: 'proto2' | 'proto3' | 'editions';
  package = '';
  /** The names that it imports, to find one that comes twice. */
  readonly imports = new Set<string>();
  readonly dependency: string[] = [];
  readonly publicDependency: number[] = [];
  readonly weakDependency: number[] = [];
  readonly messageType: MessageDraft[] = [];
  readonly enumType: EnumDraft[] = [];
  readonly service: ServiceDraft[] = [];
  readonly extension: FieldDraft[] = [];
  /** Whether it declares an extension anywhere. */
  isExtending = false;
  options: OptionsDraft | undefined;
  readonly locations = new SourceLocations();
  /** Everything in it that has options, the file as well. */
  readonly optioned: OptionsDraft[] = [];
  /** Checks that need the types: run once all names are resolved. */
  readonly checks: (() => void)[] = [];

  constructor(name: string, reader: TokenReader, syntax: FileDraft['syntax']) {
    this.name = name;
    this.reader = reader;
    this.syntax = syntax;
  }
}

export class MessageDraft {
  readonly name: string;
  readonly field: FieldDraft[] = [];
  readonly nestedType: MessageDraft[] = [];
  readonly enumType: EnumDraft[] = [];
  readonly extensionRange: RangeDraft[] = [];
  readonly extension: FieldDraft[] = [];
  readonly oneofDecl: OneofDraft[] = [];
  readonly reservedRange: RangeDraft[] = [];
  readonly reservedName: string[] = [];
  options: OptionsDraft | undefined;
  isMapEntry = false;

  constructor(name: string) {
    this.name = name;
  }
}

export class FieldDraft {
  name = '';
  number = 0;
  label = Label.OPTIONAL;
  /** 0 until it is known whether it is a message or an enum. */
  type: Type | 0 = 0;
  /** A full name with a dot before it; as written until it is found. */
  typeName = '';
  /** Where it is written. */
  typeAt = 0;
  /** "" where it is no extension. */
  extendee = '';
  extendeeAt = 0;
  /** `undefined`: what its name gives. */
  jsonName: string | undefined;
  defaultValue: string | undefined;
  /** -1 in no oneof. */
  oneofIndex = -1;
  proto3Optional = false;
  options: OptionsDraft | undefined;
}

export class OneofDraft {
  readonly name: string;
  options: OptionsDraft | undefined;

  constructor(name: string) {
    this.name = name;
  }
}

/** Numbers; whether `end` belongs to them is as in descriptor.proto. */
export class RangeDraft {
  readonly start: number;
  end: number;
  options: OptionsDraft | undefined;

  constructor(start: number, end: number) {
    this.start = start;
    this.end = end;
  }
}

export class EnumDraft {
  readonly name: string;
  readonly value: EnumValueDraft[] = [];
  readonly reservedRange: RangeDraft[] = [];
  readonly reservedName: string[] = [];
  options: OptionsDraft | undefined;

  constructor(name: string) {
    this.name = name;
  }
}

export class EnumValueDraft {
  readonly name: string;
  readonly number: number;
  options: OptionsDraft | undefined;

  constructor(name: string, number: number) {
    this.name = name;
    this.number = number;
  }
}

export class ServiceDraft {
  readonly name: string;
  readonly method: MethodDraft[] = [];
  options: OptionsDraft | undefined;

  constructor(name: string) {
    this.name = name;
  }
}

export class MethodDraft {
  readonly name: string;
  /** A full name with a dot before it; as written until it is found. */
  inputType = '';
  inputAt = 0;
  outputType = '';
  outputAt = 0;
  clientStreaming = false;
  serverStreaming = false;
  options: OptionsDraft | undefined;

  constructor(name: string) {
    this.name = name;
  }
}

/** The full name of something declared in a scope; the scope of a file without a package is "". */
export function fullName(scope: string, name: string): string {
  return scope === '' ? name : `${scope}.${name}`;
}
