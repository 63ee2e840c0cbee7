import { Code, RpcError } from '../../status/index.js';
import { mediaTypeOf, namesMediaType } from '../../wire/index.js';

/** How messages are written within the frames. */
export type FrameCodec = 'proto' | 'json';

const WEB = 'application/grpc-web';
const WEB_TEXT = 'application/grpc-web-text';
const NATIVE = 'application/grpc';

/** Whether a media type is one of native gRPC, with any codec. */
export function isNativeType(mediaType: string | undefined): boolean {
  return mediaType !== undefined && hasBase(mediaType, NATIVE);
}

/** The same of gRPC-Web, binary or text. */
export function isWebType(mediaType: string | undefined): boolean {
  return mediaType !== undefined && (hasBase(mediaType, WEB) || hasBase(mediaType, WEB_TEXT));
}

function hasBase(mediaType: string, base: string): boolean {
  return mediaType.startsWith(base) && (mediaType.length === base.length || mediaType[base.length] === '+');
}

/** What the headers of a request say of its body and of its answer. */
export interface GrpcTypes {
  readonly codec: FrameCodec;
  /** The request is base64. */
  readonly isText: boolean;
  /** The answer is. */
  readonly answersText: boolean;
  /** Of the answer. */
  readonly contentType: string;
}

/** Reads them. Throws 415, which names what is taken, for a codec that nobody knows. */
export function grpcTypes(contentType: string | undefined, accept: string | undefined): GrpcTypes {
  const mediaType = mediaTypeOf(contentType) ?? NATIVE;
  const plus = mediaType.indexOf('+');
  const base = plus === -1 ? mediaType : mediaType.slice(0, plus);
  const suffix = plus === -1 ? '' : mediaType.slice(plus);
  const codec = codecOf(suffix);
  if (codec === undefined) {
    throw new RpcError(
      'UNSUPPORTED_CONTENT_TYPE',
      `header content-type: send ${base}+proto or ${base}+json`,
      {
        code: Code.UNIMPLEMENTED,
      },
    );
  }
  const isText = base === WEB_TEXT;
  const answersText = isText || (base === WEB && asksForText(accept));
  return { codec, isText, answersText, contentType: (answersText ? WEB_TEXT : base) + suffix };
}

function codecOf(suffix: string): FrameCodec | undefined {
  if (suffix === '' || suffix === '+proto') return 'proto';
  return suffix === '+json' ? 'json' : undefined;
}

function asksForText(accept: string | undefined): boolean {
  return (
    accept !== undefined && (namesMediaType(accept, WEB_TEXT) || namesMediaType(accept, `${WEB_TEXT}+proto`))
  );
}
