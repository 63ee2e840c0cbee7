import { join } from 'node:path';
import type { Test } from 'tap';
import { type Schema, type SchemaOptions, schemaFromProtoFiles } from '../../../gateway/schema/index.js';

/** A schema from the text of one proto3 file of package `t`, written into the test's own folder. */
export function schemaFromText(
  t: Pick<Test, 'testdir'>,
  text: string,
  options: SchemaOptions = {},
): Promise<Schema> {
  const head =
    'syntax = "proto3"; package t; import "google/api/annotations.proto"; import "sluice/v1/options.proto";\n';
  const folder = t.testdir({ 't.proto': head + text });
  return schemaFromProtoFiles([join(folder, 't.proto')], [folder], options);
}
