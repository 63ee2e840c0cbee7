import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { Code, codeFromNumber } from '../../status/index.js';

/** How a header that an authorization service names meets one of the same name. */
export type HeaderAction = 'set' | 'append' | 'add-if-absent' | 'overwrite-if-exists';

export interface NamedHeader {
  /** In lower case. */
  readonly name: string;
  readonly value: string;
  readonly action: HeaderAction;
}

/** What an authorization service says. */
export type Verdict =
  | {
      readonly allowed: true;
      readonly set: readonly NamedHeader[];
      /** Names, in lower case. */
      readonly remove: readonly string[];
      /** For the client. */
      readonly responseHeaders: readonly NamedHeader[];
    }
  | {
      readonly allowed: false;
      /** Never OK. */
      readonly code: Code;
      /** 0: none is named. */
      readonly httpStatus: number;
      readonly headers: readonly NamedHeader[];
      readonly body: string;
    };

/** More headers than this are a mistake, or worse. */
const MAX_HEADERS = 100;

/** HeaderValueOption.HeaderAppendAction. 0 is what a service says that says nothing, and then a header of ext_authz replaces. */
const ACTIONS: readonly HeaderAction[] = ['set', 'add-if-absent', 'set', 'overwrite-if-exists'];

/**
 * Reads an envoy.service.auth.v3.CheckResponse; the numbers are in proto/envoy/service/auth/v3/authorization.proto. Throws for bytes that are none:
 * whoever cannot be understood has not allowed anything.
 */
export function decodeCheckResponse(response: Uint8Array): Verdict {
  let code: Code = Code.OK;
  let denied: Denied | undefined;
  let ok: Allowed | undefined;
  eachField(response, {
    1: bytes((status) => {
      code = codeFromNumber(readCode(status));
    }),
    2: bytes((message) => {
      denied = readDenied(message);
      ok = undefined;
    }),
    3: bytes((message) => {
      ok = readAllowed(message);
      denied = undefined;
    }),
  });
  // What denies in one place and allows in the other has not allowed it.
  if (code !== Code.OK || denied !== undefined) {
    const { httpStatus, headers, body } = denied ?? { httpStatus: 0, headers: [], body: '' };
    return {
      allowed: false,
      code: code === Code.OK ? Code.PERMISSION_DENIED : code,
      httpStatus,
      headers,
      body,
    };
  }
  return { allowed: true, ...(ok ?? { set: [], remove: [], responseHeaders: [] }) };
}

interface Denied {
  readonly httpStatus: number;
  readonly headers: readonly NamedHeader[];
  readonly body: string;
}

interface Allowed {
  readonly set: readonly NamedHeader[];
  readonly remove: readonly string[];
  readonly responseHeaders: readonly NamedHeader[];
}

/** The first field of google.rpc.Status, and of an HttpStatus. */
function readCode(message: Uint8Array): number {
  let code = 0;
  eachField(message, {
    1: number((value) => {
      code = value;
    }),
  });
  return code;
}

function readDenied(message: Uint8Array): Denied {
  let httpStatus = 0;
  let body = '';
  const headers: NamedHeader[] = [];
  eachField(message, {
    1: bytes((status) => {
      httpStatus = readCode(status);
    }),
    2: bytes((header) => addHeader(headers, header)),
    3: text((value) => {
      body = value;
    }),
  });
  return { httpStatus, headers, body };
}

function readAllowed(message: Uint8Array): Allowed {
  const set: NamedHeader[] = [];
  const remove: string[] = [];
  const responseHeaders: NamedHeader[] = [];
  eachField(message, {
    2: bytes((header) => addHeader(set, header)),
    5: text((name) => {
      assertRoom(remove);
      remove.push(name.toLowerCase());
    }),
    6: bytes((header) => addHeader(responseHeaders, header)),
  });
  return { set, remove, responseHeaders };
}

/** A HeaderValueOption. */
function addHeader(headers: NamedHeader[], message: Uint8Array): void {
  assertRoom(headers);
  let name = '';
  let value = '';
  let append: boolean | undefined;
  let action = 0;
  const pair = {
    1: text((key) => {
      name = key.toLowerCase();
    }),
    2: text((given) => {
      value = given;
    }),
    3: bytes((raw) => {
      value = Buffer.from(raw).toString('latin1');
    }),
  };
  eachField(message, {
    1: bytes((header) => eachField(header, pair)),
    // A google.protobuf.BoolValue, whose false is no field at all.
    2: bytes((flag) => {
      append = readCode(flag) !== 0;
    }),
    3: number((given) => {
      action = given;
    }),
  });
  const named = append === undefined ? (ACTIONS[action] ?? 'set') : append ? 'append' : 'set';
  headers.push({ name, value, action: named });
}

function assertRoom(list: readonly unknown[]): void {
  if (list.length >= MAX_HEADERS) throw new RangeError(`it names more than ${MAX_HEADERS} headers`);
}

interface Field {
  readonly type: WireType;
  readonly read: (reader: BinaryReader) => void;
}

function text(take: (value: string) => void): Field {
  return { type: WireType.LengthDelimited, read: (reader) => take(reader.string()) };
}

function bytes(take: (value: Uint8Array) => void): Field {
  return { type: WireType.LengthDelimited, read: (reader) => take(reader.bytes()) };
}

function number(take: (value: number) => void): Field {
  return { type: WireType.Varint, read: (reader) => take(reader.int32()) };
}

/** Reads the fields of a message that there are here, and passes over the others. */
function eachField(message: Uint8Array, fields: Readonly<Record<number, Field>>): void {
  const reader = new BinaryReader(message);
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag();
    const field = fields[number];
    if (field?.type === type) field.read(reader);
    else reader.skip(type, number);
  }
}
