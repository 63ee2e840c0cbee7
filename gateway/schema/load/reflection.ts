import { create, toBinary } from '@bufbuild/protobuf';
import { type FileDescriptorProto, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { ProblemList, SchemaError, SchemaProblem } from '../problem/index.js';
import { lateSchemaFromSources, type SchemaOptions, schemaFromFiles } from './descriptor-set.js';
import { fileFromBytes } from './file-bytes.js';
import type { ReflectionOpen } from './reflection-call.js';
import { ReflectionClient } from './reflection-client.js';
import { type GatheredFiles, gatherFiles } from './reflection-files.js';
import type { Schema } from './schema.js';

export interface ReflectionOptions extends SchemaOptions {
  /** Ends the whole exchange, and then nothing of it is used. */
  readonly signal: AbortSignal;
  /** Of all answers together, and so of a single one. Default 64 MiB, far above any real server. */
  readonly maxBytes?: number;
  /** Of files and of services. Default 10,000. */
  readonly maxFiles?: number;
  /** Of questions. Default 30,000: a service, a file and a type for each of the files. */
  readonly maxQuestions?: number;
  /**
   * Of values in the descriptors of all files, each of which takes memory. Default 1,000,000: a hundred thousand fields. As many again may be in comments
   * and places in the source; files have none beyond.
   */
  readonly maxParts?: number;
  /** How long a single answer may take once the server has answered anything, in milliseconds. Default 4,000; then it counts as refused. */
  readonly answerMs?: number;
  /** How long the first answer may take, in milliseconds. Default 15,000: a server may be starting. */
  readonly firstAnswerMs?: number;
  /** How long questions are asked, in milliseconds. Default 30,000: a thousand questions to a server that is far away. What is known by then is used. */
  readonly maxMs?: number;
}

const DEFAULTS = {
  maxBytes: 64 * 1024 * 1024,
  maxFiles: 10_000,
  maxQuestions: 30_000,
  maxParts: 1_000_000,
  answerMs: 4_000,
  firstAnswerMs: 15_000,
  maxMs: 30_000,
} as const;

/**
 * The schema of a running server, through its reflection service: v1, or v1alpha where v1 is UNIMPLEMENTED.
 * Source: https://github.com/grpc/grpc/blob/master/doc/server-reflection.md
 *
 * What the server lists and cannot describe, or describes and cannot be linked, is in `problems`; so is a bound that was reached (what came
 * before it is used). Well-known imports that it cannot serve are supplied.
 *
 * Throws `RpcError` with the server's status when the exchange fails (UNIMPLEMENTED: the server has no reflection; UNAVAILABLE: try
 * again), `SchemaError` when no method can be called. The call is over when the promise settles.
 */
export async function schemaFromReflection(
  open: ReflectionOpen,
  options: ReflectionOptions,
): Promise<Schema> {
  const problems = new ProblemList();
  return await schemaOfGathered(await filesFromReflection(open, options, problems), options, problems);
}

/**
 * The same for a server that has been asked before. `undefined` while it describes what is in use or what has been `refused`, by its digest: then
 * nothing is linked. Throws, too, when the answer is not whole: a bound ended it, or a service or type is not described that was before. A
 * server that is slow for a moment must not take methods away.
 */
export async function changedSchemaFromReflection(
  open: ReflectionOpen,
  inUse: Schema,
  refused: string | undefined,
  options: ReflectionOptions,
): Promise<Schema | undefined> {
  const problems = new ProblemList();
  const gathered = await filesFromReflection(open, options, problems);
  if (gathered.bound !== undefined) throw gathered.bound;
  if (gathered.digest === inUse.digest || (refused !== undefined && gathered.digest === refused))
    return undefined;
  for (const [name, reason] of gathered.refusals) {
    if (inUse.registry.get(name) !== undefined) {
      throw new SchemaError(`the server does not describe ${name}, which it did before: ${reason}`);
    }
  }
  for (const { name, reason } of gathered.undescribed.values()) {
    if (inUse.serviceNames.includes(name)) throw new SchemaError(`${name}: ${reason}`);
  }
  return await schemaOfGathered(gathered, options, problems);
}

async function schemaOfGathered(
  { sources, refusals, undescribed, bound, digest }: GatheredFiles,
  options: ReflectionOptions,
  problems: ProblemList,
): Promise<Schema> {
  const explain = (name: string, scope: string) => refusalText(refusals, name, scope);
  try {
    // What was found wrong meanwhile, and a name that nobody declares, are told by reading all.
    const late = problems.list().length === 0 ? await lateSchemaFromSources(sources, options) : undefined;
    options.signal.throwIfAborted();
    const schema = late ?? schemaFromFiles(readFiles(sources, problems), options, problems, explain);
    return { ...schema, digest, leftOut: new Map([...schema.leftOut, ...undescribed]) };
  } catch (reason) {
    throw reason instanceof SchemaError && bound !== undefined ? bound : reason;
  }
}

/**
 * The same as a serialized google.protobuf.FileDescriptorSet, for a file or to compare with an earlier one: what the
 * server sent, its unknown options included, in the order of names.
 */
export async function descriptorSetFromReflection(
  open: ReflectionOpen,
  options: ReflectionOptions,
): Promise<Uint8Array> {
  const problems = new ProblemList();
  const { sources, bound } = await filesFromReflection(open, options, problems);
  if (bound !== undefined) throw bound;
  const file = readFiles(sources, problems).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file }));
}

async function filesFromReflection(
  open: ReflectionOpen,
  options: ReflectionOptions,
  problems: ProblemList,
): Promise<GatheredFiles> {
  const bounds = { ...DEFAULTS, ...options };
  const budget = { maxBytes: bounds.maxBytes, bytes: bounds.maxBytes };
  const client = new ReflectionClient(open, { ...bounds, budget });
  try {
    return await gatherFiles(client, options.services, bounds, problems);
  } finally {
    client.close();
  }
}

function readFiles(sources: readonly Uint8Array[], problems: ProblemList): FileDescriptorProto[] {
  const files: FileDescriptorProto[] = [];
  for (const bytes of sources) {
    const file = fileFromBytes(bytes);
    if (file instanceof SchemaProblem) problems.add(file);
    else files.push(file);
  }
  return files;
}

/** What the server said when it was asked for a type. */
function refusalText(refusals: ReadonlyMap<string, string>, name: string, scope: string): string {
  const refusal =
    refusals.get(name.startsWith('.') ? name.slice(1) : name) ?? refusals.get(`${scope}.${name}`);
  return refusal === undefined ? '' : `; the server says: ${refusal}`;
}
