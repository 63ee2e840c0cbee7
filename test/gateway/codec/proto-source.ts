import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createFileRegistry,
  type DescField,
  type DescMessage,
  type FileRegistry,
  fromBinary,
} from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';

const root = join(import.meta.dirname, '..', '..', '..');
const buf = join(root, 'node_modules', '@bufbuild', 'buf', 'bin', 'buf');

/** The types of `.proto` files: a folder, or texts by file name. Uses the compiler that the project has for development. */
export function protoRegistry(source: string | Readonly<Record<string, string>>): FileRegistry {
  if (typeof source === 'string') return build(source);
  const folder = mkdtempSync(join(tmpdir(), 'sluice-proto-'));
  try {
    for (const [name, text] of Object.entries(source)) writeFileSync(join(folder, name), text);
    return build(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function build(folder: string): FileRegistry {
  const set = execFileSync(process.execPath, [buf, 'build', folder, '-o', '-', '--exclude-source-info'], {
    maxBuffer: 64 * 1024 * 1024,
  });
  return createFileRegistry(fromBinary(FileDescriptorSetSchema, set));
}

/** The project's own contracts. */
export function projectRegistry(): FileRegistry {
  return build(join(root, 'proto'));
}

/** A message that must exist. */
export function messageOf(registry: FileRegistry, typeName: string): DescMessage {
  const type = registry.getMessage(typeName);
  if (type === undefined) throw new Error(`the test's schema has no ${typeName}`);
  return type;
}

/** A field that must exist. */
export function fieldOf(type: DescMessage, name: string): DescField {
  const field = type.fields.find((candidate) => candidate.name === name);
  if (field === undefined) throw new Error(`${type.typeName} has no ${name}`);
  return field;
}

/** Bytes from hexadecimal text; blanks are only for the eye. */
export function hex(text: string): Uint8Array {
  return Buffer.from(text.replaceAll(' ', ''), 'hex');
}
