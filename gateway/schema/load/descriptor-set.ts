import { createRegistry, type DescService } from '@bufbuild/protobuf';
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import type { FileDescriptorProto } from '@bufbuild/protobuf/wkt';
import { finished, inTurns, type Steps } from '../../async/index.js';
import { baseFiles } from '../base/index.js';
import { createRouteTable } from '../http/index.js';
import { ProblemList, SchemaError, SchemaProblem } from '../problem/index.js';
import { filesFromSet } from './file-bytes.js';
import { lateSchemaSteps } from './late-schema.js';
import { type LinkOptions, linkFiles } from './link/index.js';
import { methodsFromServices } from './methods.js';
import { isOperatorService } from './operator-services.js';
import type { Schema } from './schema.js';

export interface SchemaOptions {
  /**
   * The full names of the services that may be called. Default: all that the source has but those that operate a
   * server rather than serve its users (reflection, channelz, Envoy's own).
   */
  readonly services?: readonly string[];
}

/**
 * The schema of a serialized google.protobuf.FileDescriptorSet, as `protoc --descriptor_set_out --include_imports` and
 * `buf build --as-file-descriptor-set` write it. The registry also knows google.rpc error details, google.api.HttpBody
 * and the well-known types; where the set has a type itself, its own wins.
 * A method that cannot be linked is left out; that and what is wrong with options is in `problems`. Throws `SchemaError` when no
 * method can be called.
 */
export function schemaFromDescriptorSet(bytes: Uint8Array, options: SchemaOptions = {}): Schema {
  return finished(schemaSteps(bytes, options));
}

/** The same in short turns of the event loop, for a process that serves meanwhile. The bytes must not change. */
export async function readDescriptorSet(bytes: Uint8Array, options: SchemaOptions = {}): Promise<Schema> {
  return await inTurns(schemaSteps(bytes, options));
}

function* schemaSteps(bytes: Uint8Array, options: SchemaOptions): Steps<Schema> {
  const late = bytes.length < LATE_BYTES ? undefined : yield* lateSchemaSteps(bytes, options.services);
  return late ?? wholeSchemaFromSet(bytes, options);
}

/** From this size on a set is read file by file, when its types are needed: reading a smaller one takes some milliseconds. */
const LATE_BYTES = 512 * 1024;

/** Serialized files as a serialized set. */
export function setFromFiles(files: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(files.flatMap((file) => [fileHead(file.length), file]));
}

/** The schema of serialized files, in short turns; `undefined` where they are few bytes or not plain, and are to be read at once. */
export async function lateSchemaFromSources(
  files: readonly Uint8Array[],
  options: SchemaOptions,
): Promise<Schema | undefined> {
  if (files.reduce((sum, { length }) => sum + length, 0) < LATE_BYTES) return undefined;
  return await inTurns(lateSchemaSteps(setFromFiles(files), options.services));
}

/** What is before a file in a set: the tag of `file`, and its length. */
function fileHead(length: number): Uint8Array {
  return new BinaryWriter().uint32(FILE_TAG).uint32(length).finish();
}

/** Field 1, length-delimited. */
const FILE_TAG = 10;

/** The same, read at once. */
export function wholeSchemaFromSet(bytes: Uint8Array, options: SchemaOptions = {}): Schema {
  const problems = new ProblemList();
  const files: FileDescriptorProto[] = [];
  for (const file of filesFromSet(bytes)) {
    if (file instanceof SchemaProblem) problems.add(file);
    else files.push(file);
  }
  if (files.length === 0) {
    const reason = problems.list().join('; ');
    throw new SchemaError(
      `this is not a google.protobuf.FileDescriptorSet with files in it${reason && `: ${reason}`}`,
    );
  }
  return schemaFromFiles(files, options, problems, () => SET_ADVICE);
}

const SET_ADVICE = ' (a set must have all imports: protoc --include_imports)';

/** The same for parsed files, in which names are completed in place; `problems` and `explain` say what is known of them already. */
export function schemaFromFiles(
  files: readonly FileDescriptorProto[],
  options: SchemaOptions = {},
  problems: ProblemList = new ProblemList(),
  explain?: LinkOptions['explain'],
): Schema {
  const isExposed = (name: string) => options.services?.includes(name) ?? !isOperatorService(name);
  const linked = linkFiles(files, { problems, isExposed, ...(explain && { explain }) });
  const services = exposedServices(linked.services, options.services);
  const sourceProblems = problems.list();
  const { registry, emptyPlaces } = linked;
  const methods = methodsFromServices(services, registry, ({ proto }) => emptyPlaces.has(proto), problems);
  const list = problems.list();
  if (methods.size === 0 && (services.length === 0 || list.length > 0)) throw nothingUsable(list);
  return {
    registry: createRegistry(baseFiles().registry, registry),
    services,
    serviceNames: services.map(({ typeName }) => typeName),
    methods,
    routes: createRouteTable(methods),
    problems: list,
    sourceProblems,
    leftOut: linked.leftOut,
    digest: undefined,
    files: [],
  };
}

function nothingUsable(problems: readonly SchemaProblem[]): SchemaError {
  const [first] = problems;
  if (first === undefined) return new SchemaError('the schema has no service that could be called');
  const place = first.file === undefined || first.name === first.file ? '' : ` (${first.file})`;
  const more = problems.length === 1 ? '' : `; and ${problems.length - 1} more problems`;
  return new SchemaError(`the schema has no method that could be called: ${first}${place}${more}`);
}

function exposedServices(
  declared: readonly DescService[],
  wanted: readonly string[] | undefined,
): DescService[] {
  if (wanted === undefined) return declared.filter((service) => !isOperatorService(service.typeName));
  return wanted.map((name) => {
    const found = declared.find((service) => service.typeName === name);
    if (found !== undefined) return found;
    const names = declared.map((service) => service.typeName).join(', ');
    throw new SchemaError(`the schema has no service "${name}"; it has: ${names || 'none'}`);
  });
}
