import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { progressLine } from '../../../bin/call/progress.js';
import { descriptorSetFromSchema } from '../../../gateway/schema/index.js';
import { openOwnService } from '../../support/own-service.js';
import { callLine } from '../../support/sluice-call.js';

const PROTO = `
  import "google/api/httpbody.proto";
  message Item { string text = 1; }
  message Piece { bytes data = 1; string name = 2; }
  message Choice { oneof one { string name = 1; bytes data = 2; } }
  service S {
    rpc Store(stream Piece) returns (Item) { option (sluice.v1.file) = { data: "data" }; }
    rpc StoreOne(Piece) returns (Item);
    rpc StoreChoice(stream Choice) returns (Item);
    rpc StoreBody(stream google.api.HttpBody) returns (Item);
    rpc Fetch(Item) returns (stream Piece);
    rpc FetchOne(Item) returns (Piece);
    rpc Breaks(Item) returns (stream Piece);
  }`;

async function open(t: Test) {
  const service = await openOwnService(t, PROTO, (encode) => {
    const stored = [{ in: 'end' }, { out: encode('Item', { text: 'stored' }) }] as const;
    const piece = encode('Piece', { data: Buffer.from('piece').toString('base64') });
    return {
      Store: stored,
      StoreOne: stored,
      StoreChoice: stored,
      StoreBody: stored,
      Fetch: [{ in: 'end' }, { out: piece, times: 3 }],
      FetchOne: [{ in: 'end' }, { out: piece }],
      Breaks: [{ in: 'end' }, { out: piece }, { status: 'DATA_LOSS', message: 'the disk' }],
    };
  });
  const folder = mkdtempSync(join(tmpdir(), 'sluice-files-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const set = join(folder, 'set.binpb');
  writeFileSync(set, descriptorSetFromSchema(service.schema));
  const ways = [
    ['gateway', ['--address', service.url]],
    ['grpc', ['--grpc', '--address', service.upstream.target, '--descriptor-set', set]],
  ] as const;
  return { ...service, folder, ways };
}

const CONTENT = Buffer.from(Array.from({ length: 200_000 }, (_, index) => index % 251));

t.test('a file goes up in messages of 64 KiB, with the fields in the first', async (t) => {
  const { ways, folder, upstream, decode } = await open(t);
  const file = join(folder, 'up.bin');
  writeFileSync(file, CONTENT);
  writeFileSync(join(folder, 'empty'), '');
  let index = -1;
  const sent = async (method: string, type: string, at: number) => {
    const { received } = await upstream.call(`/t.S/${method}`, at);
    return received.map((bytes) => decode(type, bytes) as Record<string, string>);
  };
  const dataOf = (messages: Record<string, string>[]) =>
    Buffer.concat(messages.map(({ data }) => Buffer.from(data ?? '', 'base64')));
  for (const [way, address] of ways) {
    index += 1;
    const up = await callLine(t, [...address, 'Store', 'name=x', '--upload', file]);
    t.same(
      up,
      { code: 0, out: '{"text":"stored"}\n', errors: '' },
      `${way}: no bar where there is no terminal`,
    );
    const pieces = await sent('Store', 'Piece', 3 * index);
    t.same(
      pieces.map(({ name }) => name),
      ['x', undefined, undefined, undefined],
      way,
    );
    t.ok(dataOf(pieces).equals(CONTENT), way);
    await callLine(t, [...address, 'Store', '--upload', '-'], { input: CONTENT });
    t.ok(
      dataOf(await sent('Store', 'Piece', 3 * index + 1)).equals(CONTENT),
      `${way}: from the standard input`,
    );
    await callLine(t, [...address, 'Store', 'name=e', '--upload', join(folder, 'empty')]);
    t.same(await sent('Store', 'Piece', 3 * index + 2), [{ name: 'e' }], `${way}: an empty file`);
    await callLine(t, [...address, 'StoreOne', 'name=x', '--upload', file]);
    const [whole = {}] = await sent('StoreOne', 'Piece', index);
    t.equal(whole.name, 'x', way);
    t.ok(dataOf([whole]).equals(CONTENT), `${way}: in one message, where the method takes one`);
    await callLine(t, [...address, 'StoreChoice', 'name=x', '--upload', file]);
    const [first, ...rest] = await sent('StoreChoice', 'Choice', index);
    t.same(first, { name: 'x' }, `${way}: a field beside the data in a oneof has a message of its own`);
    t.ok(dataOf(rest).equals(CONTENT), way);
    await callLine(t, [...address, 'StoreBody', 'content_type=image/png', '--upload', file]);
    const bodies = await sent('StoreBody', 'google.api.HttpBody', index);
    t.equal(bodies[0]?.contentType, 'image/png', way);
    t.ok(dataOf(bodies).equals(CONTENT), way);
    const large = await callLine(t, [
      ...address,
      'StoreOne',
      '--upload',
      file,
      '--max-message-bytes',
      '1000',
    ]);
    t.match(large, { code: 2, errors: /^--upload: this method takes the file in one message/ }, way);
  }
});

t.test('a file comes down whole or not at all', async (t) => {
  const { ways, folder } = await open(t);
  for (const [way, address] of ways) {
    const file = join(folder, `${way}.txt`);
    const before = readdirSync(folder).length;
    t.same(await callLine(t, [...address, 'Fetch', '-o', file]), { code: 0, out: '', errors: '' }, way);
    t.equal(readFileSync(file, 'utf8'), 'piecepiecepiece', way);
    t.same(await callLine(t, [...address, 'FetchOne', '-o', file]), { code: 0, out: '', errors: '' }, way);
    t.equal(readFileSync(file, 'utf8'), 'piece', `${way}: in the place of the one before`);
    const broken = await callLine(t, [...address, 'Breaks', '-o', file]);
    t.match(broken, { code: 79, errors: /DATA_LOSS: the disk/ }, way);
    t.equal(readFileSync(file, 'utf8'), 'piece', `${way}: the one before is still there`);
    t.equal(readdirSync(folder).length, before + 1, `${way}: and nothing beside it`);
    t.same((await callLine(t, [...address, 'Fetch', '-o', '-'])).out, 'piecepiecepiece', way);
    t.same((await callLine(t, [...address, 'Fetch', '-o', '/dev/null'])).code, 0, way);
    t.match(
      await callLine(t, [...address, 'Fetch', '-o', folder]),
      { code: 2, errors: /^--output .*: it is a folder/ },
      way,
    );
    t.match(
      await callLine(t, [...address, 'Fetch', '-o', join(folder, 'no', 'file')]),
      { code: 2, errors: /^--output .*ENOENT/ },
      way,
    );
  }
});

t.test('the line of progress says how far, how fast and how long', async (t) => {
  const MIB = 1024 ** 2;
  const cases: [line: string, ...Parameters<typeof progressLine>][] = [
    ['a [------------------------]   0 %  0 B of 10.0 MiB  0 B/s', 'a', 0, 10 * MIB, 1_000],
    [
      'a [############------------]  50 %  5.0 MiB of 10.0 MiB  2.5 MiB/s  0:02 left',
      'a',
      5 * MIB,
      10 * MIB,
      2_000,
    ],
    ['a [########################] 100 %  10.0 MiB of 10.0 MiB  5.0 MiB/s', 'a', 10 * MIB, 10 * MIB, 2_000],
    ['a [########################] 100 %  0 B of 0 B  0 B/s', 'a', 0, 0, 0],
    ['a  1.5 KiB  1.5 KiB/s', 'a', 1_536, undefined, 1_000],
    ['a  12 B  12 B/s', 'a', 12, 10, 1_000],
    [
      'a [------------------------]   1 %  1.0 MiB of 100.0 MiB  10.2 KiB/s  2:45:00 left',
      'a',
      MIB,
      100 * MIB,
      100_000,
    ],
  ];
  for (const [line, ...given] of cases) t.equal(progressLine(...given), line);
});
