import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import { type Schema, schemaFromProtoFiles } from '../../../gateway/schema/index.js';
import { schemaFromText } from '../schema/schema-from-text.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const PROTO = join(root, 'proto');
const FOREIGN = join(root, 'test', 'foreign', 'proto');

const SESSION = `syntax = "proto3"; package s; import "sluice/v1/session.proto"; import "google/api/httpbody.proto"; import "google/api/annotations.proto";
  service S {
    rpc Frames(stream sluice.v1.ClientFrame) returns (stream sluice.v1.ServerFrame);
    rpc Raw(google.api.HttpBody) returns (google.api.HttpBody) { option (google.api.http) = { post: "/raw" body: "*" }; }
  }`;

/** The schemas that every document is made of in the tests, by name. */
export async function foreignSchemas(t: Test): Promise<ReadonlyMap<string, Schema>> {
  const foreign = ['bare.proto', 'foreign/v1/peer.proto', 'legacy/legacy.proto'];
  const nasty = join(root, 'test', 'gateway', 'schema', 'load', 'fixtures', 'nasty');
  const folder = t.testdir({ 's.proto': SESSION });
  return new Map([
    ['core', await schemaFromProtoFiles([join(PROTO, 'streaming.proto')], [PROTO])],
    [
      'foreign',
      await schemaFromProtoFiles(
        foreign.map((file) => join(FOREIGN, file)),
        [FOREIGN, PROTO],
      ),
    ],
    ['session', await schemaFromProtoFiles([join(folder, 's.proto')], [folder, PROTO])],
    [
      'nasty',
      await schemaFromProtoFiles(
        ['edition.proto', 'legacy.proto', 'modern.proto'].map((file) => join(nasty, file)),
        [nasty, PROTO],
      ),
    ],
    [
      'reserved',
      await schemaFromProtoFiles([join(root, 'test/gateway/contract/fixtures/reserved.proto')], [PROTO]),
    ],
    ['thousand', await schemaFromText(t, manyMethods(1_000))],
  ]);
}

/** A service of so many methods, each with types and a rule of its own. */
export function manyMethods(count: number): string {
  const types = Array.from(
    { length: count },
    (_, n) =>
      `// Thing ${n}.
      message M${n} { // Its name.
        string name = 1; int64 size = 2; repeated M${n} children = 3; map<string, E${n}> kinds = 4; oneof choice { string a = 5; bytes b = 6; M${Math.max(0, n - 1)} before = 7; } }
      enum E${n} { E${n}_NONE = 0; E${n}_SOME = 1; }`,
  );
  const methods = Array.from(
    { length: count },
    (_, n) =>
      `// Does ${n}.
      rpc Do${n}(${n % 5 === 1 ? 'stream ' : ''}M${n}) returns (${n % 3 === 1 ? 'stream ' : ''}M${n}) { option (google.api.http) = { post: "/v1/m${n}/{name=things/*}" body: "*" }; }`,
  );
  return `${types.join('\n')}\nservice S {\n${methods.join('\n')}\n}`;
}
