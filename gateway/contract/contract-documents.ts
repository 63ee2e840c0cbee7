import { createHash } from 'node:crypto';
import { descriptorSetFromSchema, type Schema } from '../schema/index.js';
import { asyncApiDocument } from './asyncapi.js';
import { openApiDocument } from './openapi.js';
import { typeDeclarations } from './type-declarations.js';

/** The documents that say what a schema can be called with. */
export const DOCUMENT_NAMES = ['openapi-3.1', 'openapi-3.2', 'asyncapi', 'types', 'descriptors'] as const;

export type DocumentName = (typeof DOCUMENT_NAMES)[number];

/** The documents of a schema, each made when it is asked for. */
export class ContractDocuments {
  readonly #schema: Schema;
  readonly #basePath: string;
  #version: string | undefined;

  /** `basePath`: where the paths begin, for example "/api"; "" without a prefix. */
  constructor(schema: Schema, basePath: string) {
    this.#schema = schema;
    this.#basePath = basePath;
  }

  /** The bytes of a document. JSON is on one line, or with `indent` for people. */
  make(name: DocumentName, indent = 0): Buffer {
    switch (name) {
      case 'openapi-3.1':
      case 'openapi-3.2': {
        const version = name === 'openapi-3.1' ? '3.1' : '3.2';
        return json(openApiDocument(this.#schema, version, this.#settings()), indent);
      }
      case 'asyncapi':
        return json(asyncApiDocument(this.#schema, this.#settings()), indent);
      case 'types':
        return Buffer.from(typeDeclarations(this.#schema));
      case 'descriptors':
        return Buffer.from(descriptorSetFromSchema(this.#schema));
    }
  }

  #settings() {
    this.#version ??= createHash('sha256').update(descriptorSetFromSchema(this.#schema)).digest('hex');
    return { basePath: this.#basePath, version: this.#version.slice(0, 12) };
  }
}

function json(document: object, indent: number): Buffer {
  return Buffer.from(`${JSON.stringify(document, undefined, indent)}\n`);
}
