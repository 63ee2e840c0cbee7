import { RpcError } from '../../status/index.js';
import type { MethodRequest } from '../exchange/index.js';
import { textFromBytes } from '../message/index.js';

/** How the messages of a call are written, both ways. */
export type ConnectCodec = 'proto' | 'json';

const CODECS: readonly ConnectCodec[] = ['proto', 'json'];

/** What a media type is in front of the name of the codec: of a message alone, and of a stream of them. */
export type ConnectMediaType = 'application/' | 'application/connect+';

/** The codec of a media type of this kind; `undefined` for any other. */
export function codecNamed(mediaType: string | undefined, kind: ConnectMediaType): ConnectCodec | undefined {
  return CODECS.find((name) => mediaType === kind + name);
}

/** The same. Throws 415 that says what would do. */
export function codecOfMediaType(mediaType: string | undefined, kind: ConnectMediaType): ConnectCodec {
  const codec = codecNamed(mediaType, kind);
  if (codec !== undefined) return codec;
  const taken = CODECS.map((name) => kind + name);
  const got = mediaType === undefined ? 'the request has none' : `not ${mediaType}`;
  throw new RpcError('UNSUPPORTED_CONTENT_TYPE', `header content-type: send ${taken.join(' or ')}, ${got}`, {
    headers: { 'accept-post': taken.join(', ') },
  });
}

/** The codec that a GET names. Throws 415 that says what would do. */
export function codecOfEncoding(encoding: string): ConnectCodec {
  const codec = CODECS.find((name) => name === encoding);
  if (codec !== undefined) return codec;
  throw new RpcError('UNSUPPORTED_CONTENT_TYPE', `parameter encoding: send ${CODECS.join(' or ')}`);
}

/** A message of the client as the service gets it. Throws INVALID_ARGUMENT for what is not one of the method's type. */
export function wireOf({ requestCodec }: MethodRequest, codec: ConnectCodec, message: Buffer): Uint8Array {
  if (codec === 'json') return requestCodec.fromJson(textFromBytes(message));
  requestCodec.assertWire(message);
  return message;
}
