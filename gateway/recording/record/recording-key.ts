import { createHash } from 'node:crypto';
import { type DescFile, type DescMessage, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import type { Method, RecordingRule } from '../../schema/index.js';
import type { Metadata } from '../../status/index.js';

/** What makes two requests equal. */
export interface KeyParts {
  readonly method: Method;
  readonly rule: RecordingRule;
  readonly principal: string;
  readonly metadata: Metadata;
  /** The messages of the client, without a cursor. */
  readonly messages: readonly Uint8Array[];
}

/** The key of a recording: whose it is, what is called with what, and how the schema was. Nobody can make two of the same from different parts. */
export function recordingKey({ method, rule, principal, metadata, messages }: KeyParts): string {
  const hash = createHash('sha256');
  const add = (part: string | Uint8Array) => {
    hash.update(`${Buffer.byteLength(part)}:`).update(part);
  };
  add(rule.sharing === 'everyone' ? '' : principal);
  add(method.path);
  add(versionOf(method));
  for (const name of rule.keyMetadata) {
    const values = metadata.filter(([other]) => other === name);
    add(String(values.length));
    for (const [, value] of values) add(value);
  }
  for (const message of messages) add(message);
  return hash.digest('base64url');
}

/** What of a client's metadata travels with a call that others may join. */
export function travellingMetadata(rule: RecordingRule, metadata: Metadata): Metadata {
  if (rule.sharing === 'none') return metadata;
  const names = new Set(rule.keyMetadata);
  if (rule.sharing === 'principal') names.add('authorization');
  return metadata.filter(([name]) => names.has(name));
}

const versions = new WeakMap<Method, string>();

/** The same for as long as a method's rule and the files of its messages say the same, also when a schema is learnt again. */
export function versionOf(method: Method): string {
  let version = versions.get(method);
  if (version === undefined) {
    const hash = createHash('sha256');
    hash.update(JSON.stringify({ ...method.recording, key: method.recording?.key?.number }));
    const seen = new Set<DescFile>();
    for (const { file } of [method.input, method.output] satisfies DescMessage[]) addFile(file, seen, hash);
    version = hash.digest('base64url');
    versions.set(method, version);
  }
  return version;
}

function addFile(file: DescFile, seen: Set<DescFile>, hash: ReturnType<typeof createHash>): void {
  const waiting = [file];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    hash.update(toBinary(FileDescriptorProtoSchema, next.proto));
    for (const file of next.dependencies) waiting.push(file);
  }
}
