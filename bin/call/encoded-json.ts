import type { DescMessage } from '@bufbuild/protobuf';
import { type Codec, zeroFields } from '../../gateway/codec/index.js';
import type { Method } from '../../gateway/schema/index.js';
import { RpcError } from '../../gateway/status/index.js';
import { cursorFromId } from '../../gateway/wire/index.js';
import { SettingsError, UsageError } from '../options/index.js';
import { unknownFieldText } from './unknown-field.js';

/** The bytes of a message as JSON. Throws `SettingsError` that says where it stands, and what is wrong with which field. */
export function encodedJson(codec: Codec, type: DescMessage, text: string, place: string): Uint8Array {
  try {
    return codec.forMessage(type).fromJson(text);
  } catch (cause) {
    if (!(cause instanceof RpcError)) throw cause;
    throw new SettingsError(`${place}: ${unknownFieldText(type, text) ?? cause.message}`, { cause });
  }
}

/** The field of a request that says after which id to go on, encoded: for a service that is called without a gateway. Throws `UsageError` where it has none. */
export function encodedCursor(codec: Codec, { path, input, resume }: Method, id: string): Uint8Array {
  if (resume === undefined)
    throw new UsageError(`--resume: ${path.slice(1)} has no (sluice.v1.stream) rule that names its cursor`);
  const field = resume.request;
  const json = JSON.stringify({ [field.jsonName]: cursorFromId(id) });
  // A zero is left out by encoders, and must win as well.
  return Buffer.concat([zeroFields([[field]]), encodedJson(codec, input, json, '--resume')]);
}
