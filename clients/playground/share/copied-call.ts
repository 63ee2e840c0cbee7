import type { Kind } from '../schema/services.js';

export interface CopiedCall {
  readonly kind: Kind;
  /** "/pkg.Service/Method" */
  readonly path: string;
  /** The address of the gateway, without a slash at the end. */
  readonly gatewayAddress: string;
  /** As the page takes them: of HTTP, with `grpc-metadata-` before the names of metadata. */
  readonly headers: Readonly<Record<string, string>>;
  /** The request, or the messages of a stream of them, as JSON texts. One at least. */
  readonly messages: readonly string[];
  /** The first message as the query of a GET; undefined where that cannot be, or the method has side effects. */
  readonly query: string | undefined;
}

export function urlOf({ gatewayAddress, path }: CopiedCall): string {
  return `${gatewayAddress}${path}`;
}

export function socketUrlOf(call: CopiedCall): string {
  return urlOf(call).replace(/^http/, 'ws');
}

export function sendsStream({ kind }: CopiedCall): boolean {
  return kind === 'client_stream' || kind === 'bidi_stream';
}

export function answersStream({ kind }: CopiedCall): boolean {
  return kind === 'server_stream' || kind === 'bidi_stream';
}
