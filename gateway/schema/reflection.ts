import { create, type DescMessage, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt';
import { Code, RpcError } from '../status/index.js';
import { baseFiles } from './base-files.js';
import { isOperatorService, type SchemaOptions, schemaFromFiles } from './descriptor-set.js';
import { type ReflectionAnswer, ReflectionConversation, type ReflectionOpen } from './reflection-call.js';
import type { Schema } from './schema.js';
import { SchemaError } from './schema-error.js';

export interface ReflectionOptions extends SchemaOptions {
  /** Ends the whole exchange. The only bound on its time, so the caller sets one. */
  readonly signal: AbortSignal;
  /**
   * Of all answers together. Default 64 MiB, far above any real server; more fails with RESOURCE_EXHAUSTED. A single
   * answer is bounded by the largest message of the transport.
   */
  readonly maxBytes?: number;
  /** Of files and of services. Default 10,000; more fails with RESOURCE_EXHAUSTED. */
  readonly maxFiles?: number;
}

const MAX_BYTES = 64 * 1024 * 1024;
const MAX_FILES = 10_000;

/**
 * The schema of a running server, through its reflection service: v1, or v1alpha where v1 is UNIMPLEMENTED.
 * Source: https://github.com/grpc/grpc/blob/master/doc/server-reflection.md
 *
 * A service that the server lists but cannot describe is in `problems`; an import that it cannot serve is supplied if
 * it is a well-known one. Throws `RpcError` with the server's status when the exchange fails (UNIMPLEMENTED: the server
 * has no reflection; UNAVAILABLE: try again), `SchemaError` when what it sent cannot be used. The call is over when
 * the promise settles.
 */
export async function schemaFromReflection(
  open: ReflectionOpen,
  options: ReflectionOptions,
): Promise<Schema> {
  const { files, problems } = await filesFromReflection(open, options);
  const schema = schemaFromFiles(files, options);
  return problems.length === 0 ? schema : { ...schema, problems: [...problems, ...schema.problems] };
}

/**
 * The same as a serialized google.protobuf.FileDescriptorSet, for a file or to compare with an earlier one: what the
 * server sent, its unknown options included, in the order of names.
 */
export async function descriptorSetFromReflection(
  open: ReflectionOpen,
  options: ReflectionOptions,
): Promise<Uint8Array> {
  const { files } = await filesFromReflection(open, options);
  const file = files.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file }));
}

interface ReflectedFiles {
  readonly files: FileDescriptorProto[];
  readonly problems: string[];
}

async function filesFromReflection(
  open: ReflectionOpen,
  options: ReflectionOptions,
): Promise<ReflectedFiles> {
  for (const version of ['v1', 'v1alpha']) {
    const conversation = openConversation(open, version, options);
    try {
      return await gatherFiles(conversation, options);
    } catch (error) {
      const missing = error instanceof RpcError && error.code === Code.UNIMPLEMENTED;
      if (!missing || conversation.answered) throw error;
    } finally {
      conversation.close();
    }
  }
  throw new RpcError(
    Code.UNIMPLEMENTED,
    'the server has no reflection (v1 or v1alpha); give its descriptor set or .proto files instead',
  );
}

function openConversation(
  open: ReflectionOpen,
  version: string,
  options: ReflectionOptions,
): ReflectionConversation {
  const { registry } = baseFiles();
  const type = (name: string): DescMessage => {
    const desc = registry.getMessage(`grpc.reflection.${version}.${name}`);
    if (desc === undefined)
      throw new SchemaError(`proto/grpc/reflection/${version} does not declare ${name}`);
    return desc;
  };
  return new ReflectionConversation(
    open(`/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`, options.signal),
    type('ServerReflectionRequest'),
    type('ServerReflectionResponse'),
    options.maxBytes ?? MAX_BYTES,
  );
}

async function gatherFiles(
  conversation: ReflectionConversation,
  { services, maxFiles = MAX_FILES }: ReflectionOptions,
): Promise<ReflectedFiles> {
  const files = new Map<string, FileDescriptorProto>();
  const problems: string[] = [];
  const keep = (answer: ReflectionAnswer): void => {
    for (const bytes of answer.files) {
      const file = fileFromBytes(bytes);
      // Servers send what they have sent before, and imports again with every file.
      if (files.has(file.name)) continue;
      if (files.size >= maxFiles) throw tooMany(`more than ${maxFiles} files`);
      files.set(file.name, file);
    }
  };

  const listed = await conversation.ask({ listServices: '' });
  if (listed.problem !== undefined) {
    throw new SchemaError(`the server does not list its services: ${listed.problem}`);
  }
  if (listed.services.length > maxFiles) throw tooMany(`more than ${maxFiles} services`);
  const names = services ?? [...new Set(listed.services)].filter((name) => !isOperatorService(name));
  for (const name of names) {
    const answer = await conversation.ask({ fileContainingSymbol: name });
    keep(answer);
    if (answer.files.length === 0)
      problems.push(`${name}: the server does not describe it: ${answer.problem}`);
  }

  const asked = new Set<string>();
  // The map grows while it is walked, so imports of imports are asked for in their turn.
  for (const file of files.values()) {
    for (const name of file.dependency) {
      if (files.has(name) || asked.has(name)) continue;
      asked.add(name);
      // An import the server cannot serve is ours to supply, or `completeFiles` names it as missing.
      keep(await conversation.ask({ fileByFilename: name }));
    }
  }
  return { files: [...files.values()], problems };
}

function fileFromBytes(bytes: Uint8Array): FileDescriptorProto {
  try {
    const file = fromBinary(FileDescriptorProtoSchema, bytes);
    if (file.name !== '') return file;
  } catch (error) {
    throw new SchemaError('the server sent a file descriptor that cannot be read', error);
  }
  throw new SchemaError('the server sent a file descriptor without a name');
}

function tooMany(what: string): RpcError {
  return new RpcError(Code.RESOURCE_EXHAUSTED, `server reflection: ${what}`);
}
