import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest, preHandlerHookHandler } from 'fastify';
import { inTurns, type Steps } from '../async/index.js';
import type { ContractDocuments, DocumentName, DocumentSecurity } from '../contract/index.js';
import type { Schema } from '../schema/index.js';
import { RpcError } from '../status/index.js';
import { plainTag } from './own-compression.js';
import { splitTarget } from './request-target.js';

/** What is kept of documents that have been made, in bytes; one that is larger is kept alone. */
export const MAX_KEPT_DOCUMENT_BYTES = 32 * 1024 * 1024;

/** How much of a document is hashed at a time, in bytes. */
const HASHED_BYTES = 1024 * 1024;

interface KeptDocument {
  readonly bytes: Buffer;
  /** Strong: of the bytes. */
  readonly etag: string;
}

/** The documents of the schema that is in use. Another schema, or another configuration of identity, makes new ones; those of the old one go. */
class DocumentCache {
  readonly #basePath: string;
  #schema: Schema | undefined;
  #security: DocumentSecurity | undefined;
  #documents: ContractDocuments | undefined;
  /** In the order in which they were made. */
  readonly #kept = new Map<DocumentName, KeptDocument>();
  readonly #making = new Map<DocumentName, Promise<KeptDocument>>();

  constructor(basePath: string) {
    this.#basePath = basePath;
  }

  async get(
    schema: Schema,
    security: DocumentSecurity | undefined,
    name: DocumentName,
  ): Promise<KeptDocument> {
    // Loaded by whoever asks first: a start needs none of it.
    const { ContractDocuments } = await import('../contract/index.js');
    if (this.#schema !== schema || this.#security !== security || this.#documents === undefined) {
      this.#schema = schema;
      this.#security = security;
      this.#documents = new ContractDocuments(schema, this.#basePath, security);
      this.#kept.clear();
      this.#making.clear();
    }
    const known = this.#kept.get(name) ?? this.#making.get(name);
    if (known !== undefined) return known;
    const making = this.#make(this.#documents, name);
    this.#making.set(name, making);
    return await making;
  }

  /** Whoever asks meanwhile waits for the same one. */
  async #make(documents: ContractDocuments, name: DocumentName): Promise<KeptDocument> {
    try {
      const made = await inTurns(keptSteps(documents.steps(name)));
      if (this.#documents === documents) {
        this.#kept.set(name, made);
        this.#bound();
      }
      return made;
    } finally {
      if (this.#documents === documents) this.#making.delete(name);
    }
  }

  #bound(): void {
    let total = 0;
    for (const { bytes } of this.#kept.values()) total += bytes.length;
    for (const [name, { bytes }] of this.#kept) {
      if (total <= MAX_KEPT_DOCUMENT_BYTES || this.#kept.size === 1) return;
      this.#kept.delete(name);
      total -= bytes.length;
    }
  }
}

/** A document with its tag, step by step. */
function* keptSteps(document: Steps<Buffer>): Steps<KeptDocument> {
  const bytes = yield* document;
  const hash = createHash('sha256');
  for (let at = 0; at < bytes.length; at += HASHED_BYTES) {
    hash.update(bytes.subarray(at, at + HASHED_BYTES));
    yield;
  }
  return { bytes, etag: `"${hash.digest('base64url')}"` };
}

interface DocumentRoute {
  readonly path: string;
  readonly type: string;
  readonly name: (query: URLSearchParams) => DocumentName;
}

const JSON_TYPE = 'application/json; charset=utf-8';

const ROUTES: readonly DocumentRoute[] = [
  { path: 'openapi.json', type: JSON_TYPE, name: openApiName },
  { path: 'asyncapi.json', type: JSON_TYPE, name: () => 'asyncapi' },
  { path: 'types.d.ts', type: 'application/typescript; charset=utf-8', name: () => 'types' },
  { path: 'descriptors.binpb', type: 'application/protobuf', name: () => 'descriptors' },
];

/** Serves what describes the schema in use, to whom `preHandler` lets through: PROTOCOL.md, section 1. */
export function registerContract(
  app: FastifyInstance,
  basePath: string,
  schema: () => Schema,
  security: () => DocumentSecurity | undefined,
  preHandler: preHandlerHookHandler,
): void {
  const cache = new DocumentCache(basePath);
  for (const { path, type, name } of ROUTES) {
    const handler = async (request: FastifyRequest, reply: FastifyReply) => {
      const { bytes, etag } = await cache.get(
        schema(),
        security(),
        name(new URLSearchParams(splitTarget(request.raw.url)[1])),
      );
      reply.headers({ etag, 'cache-control': 'no-cache' });
      if (isKnown(request.headers['if-none-match'], etag)) return reply.code(304).send();
      return reply.header('x-content-type-options', 'nosniff').type(type).send(bytes);
    };
    app.get(`/_sluice/${path}`, { exposeHeadRoute: true, preHandler }, handler);
  }
}

function openApiName(query: URLSearchParams): DocumentName {
  const [version = '3.1', ...more] = query.getAll('version');
  if ((version === '3.1' || version === '3.2') && more.length === 0) return `openapi-${version}`;
  throw new RpcError('INVALID_PARAMETER', 'the parameter "version" must be 3.1 or 3.2');
}

/** Source: RFC 9110 section 13.1.2, a weak comparison. */
function isKnown(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((entry) => {
    const tag = entry.trim();
    return tag === '*' || plainTag(tag.startsWith('W/') ? tag.slice(2) : tag) === etag;
  });
}
