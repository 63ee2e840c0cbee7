import { ScalarType } from '@bufbuild/protobuf';
import {
  parseBase64,
  parseBool,
  parseBoolKey,
  parseDouble,
  parseEnum,
  parseFixed32,
  parseFixed64,
  parseFloat32,
  parseGroup,
  parseInt32,
  parseInt64,
  parseNested,
  parseNull,
  parseSfixed32,
  parseSfixed64,
  parseSint32,
  parseSint64,
  parseText,
  parseUint32,
  parseUint64,
} from '../parse/index.js';
import type { Kind, ParseValue, PrintValue, ReadValue } from '../plan/index.js';
import { WireType } from '../primitive/index.js';
import {
  printBase64,
  printBool,
  printDoubleValue,
  printEnum,
  printFloatValue,
  printGroup,
  printInt32,
  printInt64,
  printNested,
  printNull,
  printSint32,
  printSint64,
  printText,
  printUint32,
  printUint64,
  readFixed32,
  readFixed64,
  readGroup,
  readLength,
  readVarint,
  readVarint32,
} from '../print/index.js';

const QUOTE = 0x22;

function kind(wireType: number, read: ReadValue, print: PrintValue, parse: ParseValue): Kind {
  return { wireType, read, print, parse };
}

const { VARINT, FIXED64, LEN, START_GROUP, FIXED32 } = WireType;

const SCALAR_KINDS: Readonly<Record<ScalarType, Kind>> = {
  [ScalarType.DOUBLE]: kind(FIXED64, readFixed64, printDoubleValue, parseDouble),
  [ScalarType.FLOAT]: kind(FIXED32, readFixed32, printFloatValue, parseFloat32),
  [ScalarType.INT64]: kind(VARINT, readVarint, printInt64, parseInt64),
  [ScalarType.UINT64]: kind(VARINT, readVarint, printUint64, parseUint64),
  [ScalarType.INT32]: kind(VARINT, readVarint32, printInt32, parseInt32),
  [ScalarType.FIXED64]: kind(FIXED64, readFixed64, printUint64, parseFixed64),
  [ScalarType.FIXED32]: kind(FIXED32, readFixed32, printUint32, parseFixed32),
  [ScalarType.BOOL]: kind(VARINT, readVarint, printBool, parseBool),
  [ScalarType.STRING]: kind(LEN, readLength, printText, parseText),
  [ScalarType.BYTES]: kind(LEN, readLength, printBase64, parseBase64),
  [ScalarType.UINT32]: kind(VARINT, readVarint32, printUint32, parseUint32),
  [ScalarType.SFIXED32]: kind(FIXED32, readFixed32, printInt32, parseSfixed32),
  [ScalarType.SFIXED64]: kind(FIXED64, readFixed64, printInt64, parseSfixed64),
  [ScalarType.SINT32]: kind(VARINT, readVarint32, printSint32, parseSint32),
  [ScalarType.SINT64]: kind(VARINT, readVarint, printSint64, parseSint64),
};

export const ENUM_KIND: Kind = kind(VARINT, readVarint32, printEnum, parseEnum);
/** google.protobuf.NullValue. */
export const NULL_KIND: Kind = kind(VARINT, readVarint32, printNull, parseNull);
export const MESSAGE_KIND: Kind = kind(LEN, readLength, printNested, parseNested);
export const GROUP_KIND: Kind = kind(START_GROUP, readGroup, printGroup, parseGroup);

export function scalarKind(scalar: ScalarType): Kind {
  return SCALAR_KINDS[scalar];
}

/** A map's key: in JSON always a string. */
export function keyKind(scalar: ScalarType): Kind {
  const { wireType, read, print, parse } = SCALAR_KINDS[scalar];
  switch (scalar) {
    case ScalarType.STRING:
      return SCALAR_KINDS[scalar];
    case ScalarType.BOOL:
      return kind(wireType, readBoolKey, quoted(print), parseBoolKey);
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.SINT64:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return SCALAR_KINDS[scalar];
    default:
      return kind(wireType, read, quoted(print), parse);
  }
}

/** Every number that is true is the same key. */
const readBoolKey: ReadValue = (printer, field) => {
  readVarint(printer);
  printer.low = (printer.low | printer.high) === 0 ? 0 : 1;
  printer.high = field.zero;
};

function quoted(print: PrintValue): PrintValue {
  return (printer, field) => {
    printer.byte(QUOTE);
    print(printer, field);
    printer.byte(QUOTE);
  };
}
