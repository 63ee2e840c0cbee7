import type { ScalarType } from '@bufbuild/protobuf';
import type { Parser } from './parser.js';
import type { Printer } from './printer.js';

/** Reads one value from the wire at the printer's position into its registers `low` and `high`. */
export type ReadValue = (printer: Printer, field: FieldPlan) => void;
/** Prints the value in the registers as JSON. A length-delimited one is consumed by it. */
export type PrintValue = (printer: Printer, field: FieldPlan) => void;
/** Parses the JSON value at the parser's position and writes it as a wire value, without tag. */
export type ParseValue = (parser: Parser, field: FieldPlan) => void;
/** Prints a whole field, with its name; `tag`, of its first record, has just been read. */
export type PrintField = (printer: Printer, field: FieldPlan, tag: number) => void;
/** Parses a whole field's value and writes its records. */
export type ParseField = (parser: Parser, field: FieldPlan) => void;
/** Prints the message `bytes[pos..end)` of the printer. */
export type PrintMessage = (printer: Printer, plan: MessagePlan) => void;
/** Parses the JSON of a message and writes its records, without tag and length. */
export type ParseMessage = (parser: Parser, plan: MessagePlan) => void;

/** What is the same for all fields of one scalar type, enum or message. */
export interface Kind {
  readonly read: ReadValue;
  readonly print: PrintValue;
  readonly parse: ParseValue;
  /** Of one value. */
  readonly wireType: number;
}

/** How often a field may occur. */
export type Arity = 'singular' | 'list' | 'map';

/** What a field is, in the terms of the two directions. All objects of this class have one shape, which keeps them fast. */
export class FieldPlan {
  /** For errors: "pkg.Message.field", or "[pkg.extension]". */
  label = '';
  /** The field's name in JSON, not quoted. */
  jsonName = '';
  number = 0;
  /** The place in the order of printing, from 0: by field number, extensions last. */
  rank = 0;
  arity: Arity = 'singular';
  /** Zero and absent are the same, and neither is printed or written. */
  implicit = false;
  /** 1 for a required field. */
  required = 0;
  /** The number of its oneof within the message, or -1. */
  oneof = -1;
  /** The bit of its oneof in the printer's mask; 0 without oneof, and from the 32nd oneof on. */
  oneofBit = 0;
  /** JSON null is a value of the field, or of its items: google.protobuf.Value and NullValue. */
  takesNull = false;
  /** A list of a closed enum: items of unknown numbers are not printed. */
  leavesOutUnknown = false;
  /** The number that an absent enum stands for within a map entry: that of its first value. */
  zero = 0;
  /** Written packed. Both forms are read. */
  packed = false;
  /** The tag of a record with one value. */
  tag = 0;
  /** The tag of a record with packed values; 0 when there is no such form. */
  packedTag = 0;
  /** `tag`, or `packedTag` when `packed`, as it is written. */
  tagBytes: Uint8Array = NOTHING;
  /** The end of a group as it is written; empty for all else. */
  endTagBytes: Uint8Array = NOTHING;
  /** The comma, the quoted name and the colon. */
  nameBytes: Uint8Array = NOTHING;
  scalar: ScalarType | 0 = 0;
  /** A text that must be UTF-8 on the wire: not in proto2. */
  utf8 = true;
  readValue: ReadValue = unset;
  printValue: PrintValue = unset;
  parseValue: ParseValue = unset;
  printField: PrintField = unset;
  parseField: ParseField = unset;
  message: MessagePlan | undefined = undefined;
  enumeration: EnumPlan | undefined = undefined;
  /** Of a map: its entry, a message of two fields, key and value. */
  entry: MessagePlan | undefined = undefined;
  /** The key that followed this one the last time: the first guess of the next. */
  nextKey: KeyPlan | undefined = undefined;
}

/** One spelling of a field in JSON: `json_name`, the name in the .proto file, or "[pkg.extension]". */
export interface KeyPlan {
  /** With its quotation marks. */
  readonly quoted: Uint8Array;
  readonly field: FieldPlan;
}

export class MessagePlan {
  readonly typeName: string;
  /** By rank. */
  fields: FieldPlan[] = [];
  /** By tag, for tags below `DIRECT_TAGS`. */
  readonly byTag: (FieldPlan | undefined)[] = new Array<FieldPlan | undefined>(DIRECT_TAGS).fill(undefined);
  readonly byLargeTag = new Map<number, FieldPlan>();
  readonly byKey = new Map<string, KeyPlan>();
  /** The same by `digestOf` the name, so that a key need not become a string. Of two with one digest only one is here. */
  readonly byDigest = new Map<number, KeyPlan>();
  oneofs: string[] = [];
  /** How many of its fields are required. */
  required = 0;
  /** Its JSON is not an object of its fields: within Any it stands under "value". */
  wellKnown = false;
  /** Stands before the first key: its `nextKey` is the guess of the first. */
  readonly start = new FieldPlan();
  print: PrintMessage = unset;
  /** The fields of the printed object, each with a comma in front. */
  printFields: PrintMessage = unset;
  parse: ParseMessage = unset;
  /** Parses the value of one of its fields. */
  parseMember: ParseField = unset;
  /** Of google.protobuf.Any: the plan of a type name. */
  resolve: (typeName: string) => MessagePlan | undefined = unset;

  constructor(typeName: string) {
    this.typeName = typeName;
  }
}

/** The values of an enum. */
export interface EnumPlan {
  readonly typeName: string;
  /** The printed name (with quotation marks) of a number. */
  readonly names: ReadonlyMap<number, Uint8Array>;
  /** The same for 0 to 127, faster. */
  readonly smallNames: readonly (Uint8Array | undefined)[];
  readonly numbers: ReadonlyMap<string, number>;
  /** Only declared numbers are values: an enum of proto2. */
  readonly closed: boolean;
}

/** Field numbers below 128 are looked up in a table. */
export const DIRECT_TAGS = 1024;

const NOTHING = new Uint8Array(0);

function unset(): never {
  throw new Error('the plan of a message is not complete');
}

/** The field of a tag; undefined for an unknown field, and for a known one with a wire type that is not its own. */
export function fieldOfTag(plan: MessagePlan, tag: number): FieldPlan | undefined {
  return tag < DIRECT_TAGS ? plan.byTag[tag] : plan.byLargeTag.get(tag);
}
