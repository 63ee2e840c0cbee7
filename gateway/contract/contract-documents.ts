import { createHash } from 'node:crypto';
import { finished, type Steps } from '../async/index.js';
import { descriptorSetSteps, type JsonObject, type Schema } from '../schema/index.js';
import { asyncApiSteps } from './asyncapi.js';
import type { DocumentSecurity } from './document-security.js';
import { jsonSteps } from './json-steps.js';
import { type DocumentSettings, openApiSteps } from './openapi.js';
import { declarationSteps } from './type-declarations.js';

/** The documents that say what a schema can be called with. */
export const DOCUMENT_NAMES = ['openapi-3.1', 'openapi-3.2', 'asyncapi', 'types', 'descriptors'] as const;

export type DocumentName = (typeof DOCUMENT_NAMES)[number];

/** The documents of a schema, each made when it is asked for. */
export class ContractDocuments {
  readonly #schema: Schema;
  readonly #basePath: string;
  readonly #security: DocumentSecurity | undefined;
  #version: string | undefined;

  /** `basePath`: where the paths begin, for example "/api"; "" without a prefix. `security`: of a gateway that knows clients. */
  constructor(schema: Schema, basePath: string, security?: DocumentSecurity) {
    this.#schema = schema;
    this.#basePath = basePath;
    this.#security = security;
  }

  /** The bytes of a document, at once. JSON is on one line, or with `indent` for people. */
  make(name: DocumentName, indent = 0): Buffer {
    return finished(this.steps(name, indent));
  }

  /** The same step by step: that of 10,000 methods takes seconds. */
  *steps(name: DocumentName, indent = 0): Steps<Buffer> {
    switch (name) {
      case 'openapi-3.1':
      case 'openapi-3.2': {
        const version = name === 'openapi-3.1' ? '3.1' : '3.2';
        return yield* json(yield* openApiSteps(this.#schema, version, yield* this.#settings()), indent);
      }
      case 'asyncapi':
        return yield* json(yield* asyncApiSteps(this.#schema, yield* this.#settings()), indent);
      case 'types':
        return Buffer.from(yield* declarationSteps(this.#schema));
      case 'descriptors':
        return Buffer.from(yield* descriptorSetSteps(this.#schema));
    }
  }

  *#settings(): Steps<DocumentSettings> {
    if (this.#version === undefined) {
      const hash = createHash('sha256').update(yield* descriptorSetSteps(this.#schema));
      this.#version = hash.digest('hex').slice(0, 12);
    }
    return { basePath: this.#basePath, version: this.#version, security: this.#security };
  }
}

function* json(document: JsonObject, indent: number): Steps<Buffer> {
  if (indent === 0) return yield* jsonSteps(document);
  return Buffer.from(`${JSON.stringify(document, undefined, indent)}\n`);
}
