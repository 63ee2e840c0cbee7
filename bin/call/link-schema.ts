import { type Schema, schemaFromDescriptorSet, schemaFromReflection } from '../../gateway/schema/index.js';
import { Code, codeFromHttpStatus, RpcError } from '../../gateway/status/index.js';
import type { Transport } from '../../gateway/upstream/index.js';
import { readSchema, type SchemaSettings } from '../schema-files.js';
import { CallFailure, endOfErrorJson } from './call-end.js';
import { type CallLink, shownAddress } from './call-link.js';
import { askGateway, headersOfMetadata } from './gateway-request.js';

/** The largest schema that is read, in bytes. */
const MAX_SCHEMA_BYTES = 64 * 1024 * 1024;
/** The longest answer that is no schema, in bytes. */
const MAX_ERROR_BYTES = 64 * 1024;

/** How to call, if nothing is open yet. */
export type OpenTransport = () => Promise<Transport>;

/**
 * The schema of what is called: of files, else of the gateway, else by the server's reflection. Rejects with `CallFailure`, and with `SettingsError` for files.
 */
export async function linkSchema(
  settings: SchemaSettings,
  link: CallLink,
  transport: OpenTransport,
  signal: AbortSignal,
): Promise<Schema> {
  const ofFiles = await readSchema(settings);
  if (ofFiles !== undefined) return ofFiles;
  return link.address.isGateway
    ? await schemaOfGateway(link, signal)
    : await schemaOfServer(link, await transport(), signal);
}

async function schemaOfGateway(link: CallLink, signal: AbortSignal): Promise<Schema> {
  const headers = { ...headersOfMetadata(link.metadata), accept: '*/*' };
  const answer = await askGateway(link, {
    method: 'GET',
    path: '/_sluice/descriptors.binpb',
    headers,
    signal,
  });
  const isSchema = answer.statusCode === 200;
  const bytes = await readBody(answer, isSchema ? MAX_SCHEMA_BYTES : MAX_ERROR_BYTES);
  if (isSchema) {
    try {
      return schemaFromDescriptorSet(bytes);
    } catch (cause) {
      throw new CallFailure(
        { code: Code.INTERNAL, message: `${shownAddress(link)}: ${(cause as Error).message}` },
        cause,
      );
    }
  }
  throw failureOfAnswer(link, answer.statusCode ?? 0, bytes);
}

/** An answer of HTTP that is not what was asked for. */
export function failureOfAnswer(link: CallLink, status: number, body: Uint8Array): CallFailure {
  const end = endOfErrorJson(Buffer.from(body).toString('utf8'));
  if (end !== undefined) return new CallFailure(end);
  return new CallFailure({
    code: codeFromHttpStatus(status),
    message: `${shownAddress(link)} answers with HTTP ${status} and seems to be no Sluice gateway (a gRPC server is called with --grpc)`,
  });
}

/** A whole body. Rejects with `CallFailure` beyond so many bytes, and where it breaks. */
export async function readBody(body: AsyncIterable<Buffer>, maxBytes: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const part of body) {
      bytes += part.length;
      if (bytes > maxBytes) throw new Error(`an answer of more than ${maxBytes} bytes`);
      parts.push(part);
    }
  } catch (cause) {
    throw new CallFailure({ code: Code.UNAVAILABLE, message: (cause as Error).message }, cause);
  }
  return Buffer.concat(parts);
}

async function schemaOfServer(link: CallLink, transport: Transport, signal: AbortSignal): Promise<Schema> {
  const { metadata } = link;
  const at = shownAddress(link);
  try {
    return await schemaFromReflection(
      (path, ended, maxMessageBytes) => transport.open(path, { metadata, signal: ended, maxMessageBytes }),
      { signal },
    );
  } catch (cause) {
    if (!(cause instanceof RpcError))
      throw new CallFailure({ code: Code.UNAVAILABLE, message: `${at}: ${(cause as Error).message}` }, cause);
    const hint =
      cause.code === Code.UNIMPLEMENTED
        ? ': it has no server reflection, so give its schema with --proto or --descriptor-set'
        : '';
    throw new CallFailure({ code: cause.code, message: `${at}: ${cause.message}${hint}` }, cause);
  }
}
