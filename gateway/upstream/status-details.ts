import type { StatusDetail } from '../status/index.js';

/** Details that are passed on, more than any service has. A header has room for thousands of empty ones, each of which becomes JSON. */
const MAX_DETAILS = 100;

/** What matters of a google.rpc.Status. */
export interface RichStatus {
  readonly code: number;
  readonly message: string;
  readonly details: readonly StatusDetail[];
}

/**
 * Reads the bytes of a `grpc-status-details-bin`: google.rpc.Status { int32 code = 1; string message = 2;
 * repeated google.protobuf.Any details = 3 }. Unknown fields are skipped. `undefined` when the bytes are not
 * such a message: a broken extra must not hide the status itself. At most 100 details; the rest is not looked at.
 */
export function parseRichStatus(bytes: Uint8Array): RichStatus | undefined {
  let code = 0;
  let message = '';
  const details: StatusDetail[] = [];
  const whole = eachField(bytes, (number, value) => {
    if (number === 1 && typeof value === 'number') code = value;
    else if (number === 2 && typeof value === 'object') message = text(value);
    else if (number === 3 && typeof value === 'object') {
      if (details.length === MAX_DETAILS) return true;
      const detail = parseAny(value);
      if (!detail) return false;
      details.push(detail);
    }
    return true;
  });
  return whole ? { code, message, details } : undefined;
}

/** google.protobuf.Any { string type_url = 1; bytes value = 2 }. */
function parseAny(bytes: Uint8Array): StatusDetail | undefined {
  let typeUrl = '';
  let value: Uint8Array = new Uint8Array(0);
  const whole = eachField(bytes, (number, field) => {
    if (typeof field === 'object') {
      if (number === 1) typeUrl = text(field);
      // A copy: the details outlive the header block they came in.
      else if (number === 2) value = field.slice();
    }
    return true;
  });
  return whole ? { typeUrl, value } : undefined;
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

type FieldVisitor = (number: number, value: number | Uint8Array | undefined) => boolean;

/**
 * Walks the fields of one message: varints as numbers (exact up to 2^53), length-delimited ones as views, others
 * as `undefined`. False when the bytes end early, a tag is unknown or the visitor says so.
 */
function eachField(bytes: Uint8Array, visit: FieldVisitor): boolean {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined) return Number.NaN;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    return Number.NaN;
  };
  while (at < bytes.length) {
    const tag = varint();
    const number = Math.floor(tag / 8);
    let value: number | Uint8Array | undefined;
    switch (tag % 8) {
      case 0:
        value = varint();
        if (Number.isNaN(value)) return false;
        break;
      case 1:
        at += 8;
        break;
      case 2: {
        const length = varint();
        if (!(at + length <= bytes.length)) return false;
        value = bytes.subarray(at, at + length);
        at += length;
        break;
      }
      case 5:
        at += 4;
        break;
      default:
        return false;
    }
    if (at > bytes.length || number < 1 || !visit(number, value)) return false;
  }
  return true;
}
