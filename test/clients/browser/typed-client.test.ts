import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import ts from 'typescript';
import { ContractDocuments } from '../../../gateway/contract/index.js';
import { schemaFromText } from '../../gateway/schema/schema-from-text.js';

const client = fileURLToPath(new URL('../../../clients/browser/index.ts', import.meta.url));

const SERVICE = `
  import "google/protobuf/timestamp.proto"; import "google/protobuf/wrappers.proto"; import "google/api/field_behavior.proto";
  message Q {
    string name = 1 [(google.api.field_behavior) = REQUIRED];
    int64 big = 2; Kind kind = 3; repeated Q inner = 4; map<string, int32> counts = 5;
    google.protobuf.Timestamp at = 6; google.protobuf.Int64Value maybe = 7; double real = 8; bytes raw = 9;
    oneof one { string text = 10; Q other = 11; }
  }
  enum Kind { KIND_NONE = 0; KIND_SOME = 1; }
  service S {
    rpc Get(Q) returns (Q); rpc Watch(Q) returns (stream Q); rpc Put(stream Q) returns (Q); rpc Talk(stream Q) returns (stream Q);
  }`;

/** Lines that are wrong say so: the compiler fails where one of them is right. */
const PAGE = `
import { createClient, type Client } from ${JSON.stringify(client.replace(/\.ts$/, '.js'))};
import type { Services } from './sluice-types.js';

const client = createClient<Services>({ baseUrl: 'https://example.com' });
const q = await client.unary('t.S/Get', { name: 'a', big: '1', kind: 'KIND_SOME', counts: { a: 1 }, at: '2024-05-17T12:00:00Z', maybe: '2', real: 'NaN', raw: 'AA==', inner: [{ name: 'b', text: 'c' }] });
const big: string | undefined = q.big;
const kind: 'KIND_NONE' | 'KIND_SOME' | undefined = q.kind;
for await (const one of client.serverStream('t.S/Watch', { name: 'a' })) one.name?.toUpperCase();
const put = client.call('t.S/Put', { credit: 1 });
await put.send({ name: 'a', other: { name: 'b' } });
const sum: string | undefined = (await put.result()).text;
const talk = client.socket('t.S/Talk');
await talk.send({ name: 'a' });
client.call('t.S/Watch', { request: { name: 'a' } });
// @ts-expect-error no such method
client.unary('t.S/Gone', { name: 'a' });
// @ts-expect-error a stream is no unary method
client.unary('t.S/Watch', { name: 'a' });
// @ts-expect-error the service requires a name
client.unary('t.S/Get', {});
// @ts-expect-error no such field
client.unary('t.S/Get', { name: 'a', nme: 'b' });
// @ts-expect-error a number of 64 bits is text
client.unary('t.S/Get', { name: 'a', big: 1 });
// @ts-expect-error no such value
client.unary('t.S/Get', { name: 'a', kind: 'KIND_OTHER' });
// @ts-expect-error two members of a oneof
client.unary('t.S/Get', { name: 'a', text: 'b', other: { name: 'c' } });
// @ts-expect-error a stream of requests has no single one
client.call('t.S/Put', { request: { name: 'a' } });
// @ts-expect-error not what the method takes
put.send({ name: 1 });
// @ts-expect-error not what the method takes
talk.send('text');
// @ts-expect-error unary is no stream
client.serverStream('t.S/Get', { name: 'a' });

const untyped: Client = createClient();
const any: { price: number } = await untyped.unary<{ price: number }>('a.B/C', { anything: 1 });
const same: ReturnType<typeof createClient> = untyped;
export { any, big, kind, same, sum };
`;

t.test('a typed client takes right calls and refuses wrong ones, when it is compiled', async (t) => {
  const schema = await schemaFromText(t, SERVICE);
  const folder = t.testdir({ 'page.ts': PAGE });
  writeFileSync(join(folder, 'sluice-types.d.ts'), new ContractDocuments(schema, '').make('types'));
  const program = ts.createProgram([join(folder, 'page.ts'), join(folder, 'sluice-types.d.ts')], {
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
  });
  const messages = ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
    const line = file === undefined ? '' : file.text.slice(0, start).split('\n').length;
    return `${file?.fileName.slice(-20)}:${line} ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
  });
  t.same(messages, []);
});
