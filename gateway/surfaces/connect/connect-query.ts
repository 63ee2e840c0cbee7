import { RpcError } from '../../status/index.js';

/** The request of a Connect GET, as its query has it. */
export interface ConnectQuery {
  /** "proto" or "json", or a codec that nobody knows. */
  readonly encoding: string;
  /** Of `message`; absent: none. */
  readonly compression: string | undefined;
  readonly message: Buffer;
}

const OURS = ['encoding', 'message', 'base64', 'compression', 'connect'] as const;

/** Either alphabet: an address takes only one of them as it is, and no other text is ambiguous with the other one. */
const BASE64 = /^[\w+/-]*={0,2}$/;

/**
 * Reads the query of a Connect GET: any order, and parameters that are not Connect's are left alone. Throws INVALID_ARGUMENT for one that is
 * missing, is given twice, or is not what it must be. Source: https://connectrpc.com/docs/protocol, "Unary-Get-Request".
 */
export function parseConnectQuery(query: URLSearchParams): ConnectQuery {
  for (const name of OURS) {
    if (query.getAll(name).length > 1) throw invalid(name, 'is given twice');
  }
  const encoding = query.get('encoding');
  if (encoding === null) throw invalid('encoding', 'is missing: send encoding=proto or encoding=json');
  const text = query.get('message');
  if (text === null) throw invalid('message', 'is missing: an empty message is message=');
  const compression = query.get('compression') ?? undefined;
  // Any other value says nothing.
  if (query.get('base64') !== '1') return { encoding, compression, message: Buffer.from(text) };
  return { encoding, compression, message: fromBase64(text) };
}

function fromBase64(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64url');
  const padding = text.indexOf('=');
  const digits = padding === -1 ? text.length : padding;
  // One digit alone is less than a byte.
  if (!BASE64.test(text) || digits % 4 === 1) throw invalid('message', 'is not base64');
  return bytes;
}

function invalid(name: string, problem: string): RpcError {
  return new RpcError('INVALID_PARAMETER', `parameter ${name}: ${problem}`);
}
