import { type ClientFrame, SessionFault } from './frames.js';
import { JsonReader } from './json-reader.js';

const NO_DATA = Buffer.alloc(0);

/**
 * A frame of `sluice.v1.json`. Names are those of JSON or of the proto. Throws `SessionFault` for what is not a frame, or has
 * a field that frames do not have.
 */
export function clientFrameFromJson(bytes: Buffer): ClientFrame {
  const message = plainMessage(bytes);
  if (message !== undefined) return message;
  const reader = new JsonReader(bytes);
  let frame: ClientFrame | undefined;
  reader.object((name) => {
    if (frame !== undefined) throw new SessionFault(`a second frame in one: ${quote(name)}`);
    frame = readFrame(reader, name);
  });
  reader.end();
  if (frame === undefined) throw new SessionFault('an empty frame');
  return frame;
}

const HEAD = Buffer.from('{"message":{"id":');
const DATA = Buffer.from(',"data":');
const CLOSE_BRACE = 0x7d;

/** A message as nearly every client writes it, without spaces: the way of most frames, and six times as fast. */
function plainMessage(bytes: Buffer): ClientFrame | undefined {
  if (!startsWith(bytes, 0, HEAD)) return undefined;
  let at = HEAD.length;
  let id = 0;
  for (let digit = digitAt(bytes, at); digit >= 0 && at < HEAD.length + 9; digit = digitAt(bytes, at)) {
    id = id * 10 + digit;
    at += 1;
  }
  // A number that begins with 0 is 0, or none.
  if (id === 0 || bytes[HEAD.length] === 0x30 || !startsWith(bytes, at, DATA)) return undefined;
  const reader = new JsonReader(bytes, at + DATA.length);
  const data = reader.value('data');
  const end = reader.position;
  const isPlain = end === bytes.length - 2 && bytes[end] === CLOSE_BRACE && bytes[end + 1] === CLOSE_BRACE;
  return isPlain ? { kind: 'message', id, data } : undefined;
}

function startsWith(bytes: Buffer, start: number, wanted: Buffer): boolean {
  for (let index = 0; index < wanted.length; index += 1) {
    if (bytes[start + index] !== wanted[index]) return false;
  }
  return true;
}

/** Less than 0 where there is none. */
function digitAt(bytes: Buffer, at: number): number {
  const digit = (bytes[at] ?? 0) - 0x30;
  return digit <= 9 ? digit : -1;
}

/** What a frame may hold; each kind takes its own part. */
interface Fields {
  id: number;
  method: string;
  metadata: [string, string][];
  timeoutMs: number;
  credit: number;
  creditBytes: number;
  cursor: string;
  location: string;
  detach: boolean;
  idempotencyKey: string;
  data: Buffer;
  messages: number;
  bytes: number;
  token: string;
}

const OPEN_FIELDS = [
  'id',
  'method',
  'metadata',
  'timeoutMs',
  'credit',
  'creditBytes',
  'cursor',
  'location',
  'detach',
  'idempotencyKey',
] as const;
/** Fields of more than one word, by their names in the proto. */
const PROTO_NAMES = new Map<string, keyof Fields>([
  ['timeout_ms', 'timeoutMs'],
  ['credit_bytes', 'creditBytes'],
  ['idempotency_key', 'idempotencyKey'],
]);

function readFrame(reader: JsonReader, name: string): ClientFrame {
  switch (name) {
    case 'message': {
      const { id, data } = readFields(reader, ['id', 'data', 'cursor', 'bytes']);
      return { kind: 'message', id, data };
    }
    case 'credit': {
      const { id, messages, bytes } = readFields(reader, ['id', 'messages', 'bytes']);
      return { kind: 'credit', id, messages, bytes };
    }
    case 'halfClose':
    case 'half_close':
      return { kind: 'halfClose', id: readFields(reader, ['id']).id };
    case 'cancel':
    case 'stop':
      return { kind: name, id: readFields(reader, ['id']).id };
    case 'ping':
      return { kind: 'ping', token: readFields(reader, ['token']).token };
    case 'auth':
      return { kind: 'auth', token: readFields(reader, ['token']).token };
    case 'open': {
      const fields = readFields(reader, OPEN_FIELDS);
      const {
        id,
        method,
        metadata,
        timeoutMs,
        credit,
        creditBytes,
        cursor,
        location,
        detach,
        idempotencyKey,
      } = fields;
      return {
        kind: 'open',
        id,
        method,
        metadata,
        timeoutMs,
        credit,
        creditBytes,
        cursor,
        location,
        detach,
        idempotencyKey,
      };
    }
    default:
      throw new SessionFault(`unknown frame ${quote(name)}`);
  }
}

function readFields(reader: JsonReader, allowed: readonly (keyof Fields)[]): Fields {
  const fields: Fields = {
    id: 0,
    method: '',
    metadata: [],
    timeoutMs: 0,
    credit: 0,
    creditBytes: 0,
    cursor: '',
    location: '',
    detach: false,
    idempotencyKey: '',
    data: NO_DATA,
    messages: 0,
    bytes: 0,
    token: '',
  };
  const seen = new Set<string>();
  reader.object((name) => {
    const field = PROTO_NAMES.get(name) ?? (name as keyof Fields);
    if (!allowed.includes(field)) throw new SessionFault(`unknown field ${quote(name)}`);
    // Under both of its names.
    if (seen.has(field)) throw new SessionFault(`${quote(name)} occurs twice`);
    seen.add(field);
    switch (field) {
      case 'data':
        fields.data = reader.value(field);
        break;
      case 'metadata':
        if (!reader.null()) reader.object((key) => fields.metadata.push([key, reader.text(key)]));
        break;
      case 'method':
      case 'cursor':
      case 'location':
      case 'idempotencyKey':
      case 'token':
        fields[field] = reader.text(field);
        break;
      case 'detach':
        fields.detach = reader.bool(field);
        break;
      default:
        fields[field] = reader.uint32(field);
    }
  });
  return fields;
}

function quote(name: string): string {
  return JSON.stringify(name.slice(0, 40));
}
