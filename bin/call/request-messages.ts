import { createReadStream } from 'node:fs';
import { type Codec, joinParts } from '../../gateway/codec/index.js';
import type { Method } from '../../gateway/schema/index.js';
import { SettingsError } from '../options/index.js';
import { encodedJson } from './encoded-json.js';
import { jsonValues } from './json-values.js';

/** Where the messages of a request come from. */
export interface RequestOptions {
  readonly method: Method;
  readonly codec: Codec;
  /** What every message begins with, encoded: the fields that arguments set. `undefined`: there are none. */
  readonly before: Uint8Array | undefined;
  /** What every message ends with, encoded, so that it wins. */
  readonly after: Uint8Array;
  /** JSON, `@FILE`, `-` or `@-`. `undefined`: a stream of requests comes from the standard input, unless there is `before`. */
  readonly data: string | undefined;
  readonly input: AsyncIterable<Uint8Array>;
  /** Somebody types: a line is a message, and a wrong one is told and passed over. */
  readonly isTyped: boolean;
  /** Tells of a wrong line where somebody types. */
  readonly onFault: (fault: SettingsError) => void;
  readonly maxMessageBytes: number;
}

/** JSON is longer than what it says, base64 by a third. */
const JSON_FACTOR = 2;
const NOTHING = new Uint8Array(0);

/** The messages of a request, as bytes. Rejects with `SettingsError` that names the line and the field of what is no message. */
export async function* requestMessages(options: RequestOptions): AsyncGenerator<Uint8Array> {
  const { method, codec, isTyped, onFault } = options;
  const source = sourceOf(options);
  const byLine = isTyped && source?.isInput === true;
  const maxLength = JSON_FACTOR * options.maxMessageBytes;
  let count = 0;
  for await (const { text, line } of source === undefined
    ? []
    : jsonValues(source.chunks, { maxLength, byLine, name: source.name })) {
    const place = `${source?.name}line ${line}`;
    let bytes: Uint8Array;
    try {
      bytes = encodedJson(codec, method.input, text, place);
    } catch (fault) {
      if (!byLine || !(fault instanceof SettingsError)) throw fault;
      onFault(fault);
      continue;
    }
    count += 1;
    if (count > 1 && !method.requestStream)
      throw new SettingsError(
        `${place}: ${method.path.slice(1)} takes one message, and this is a second one`,
      );
    yield between(options, bytes);
    // Who types the one message of a call need not say that no other follows.
    if (byLine && !method.requestStream) return;
  }
  if (count === 0 && (source === undefined || !method.requestStream)) yield between(options, NOTHING);
}

/** A message with what every message has. */
export function between(
  { method, before = NOTHING, after }: Pick<RequestOptions, 'method' | 'before' | 'after'>,
  bytes: Uint8Array,
): Uint8Array {
  if (before.length === 0 && after.length === 0) return bytes;
  return joinParts(method.input, Buffer.concat([before, bytes, after]));
}

interface Source {
  /** In front of a line, in errors. */
  readonly name: string;
  readonly chunks: AsyncIterable<Uint8Array>;
  /** It is the standard input. */
  readonly isInput: boolean;
}

function sourceOf({ method, before, data, input }: RequestOptions): Source | undefined {
  const ofInput = { name: '', chunks: input, isInput: true };
  if (data === undefined) return method.requestStream && before === undefined ? ofInput : undefined;
  if (data === '-' || data === '@-' || data === '@') return ofInput;
  if (!data.startsWith('@')) return { name: '--data, ', chunks: textChunks(data), isInput: false };
  const file = data.slice(1);
  return { name: `${file}, `, chunks: fileChunks(file), isInput: false };
}

async function* textChunks(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

async function* fileChunks(file: string): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of createReadStream(file)) yield chunk as Buffer;
  } catch (cause) {
    throw new SettingsError(`--data @${file}: ${(cause as Error).message}`, { cause });
  }
}
