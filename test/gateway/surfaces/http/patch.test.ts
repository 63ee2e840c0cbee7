import type { JsonValue } from '@bufbuild/protobuf';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import type { GatewayOptions } from '../../../../gateway/index.js';
import { http } from '../../../support/http.js';
import { type OwnService, openOwnService } from '../../../support/own-service.js';

const TEXT = `
import "google/protobuf/any.proto"; import "google/protobuf/field_mask.proto"; import "google/protobuf/struct.proto";
import "google/protobuf/timestamp.proto"; import "google/protobuf/wrappers.proto"; import "google/protobuf/empty.proto";
message Book {
  string name = 1; string display_title = 2; int64 page_count = 3; Book next_book = 4; repeated Book more_books = 5;
  map<string, Book> by_name = 6; google.protobuf.Timestamp printed_at = 7; google.protobuf.Int64Value best_rank = 8;
  google.protobuf.Struct extra_data = 9; google.protobuf.Any any_thing = 10; optional string note = 11; string address_line_1 = 12;
  google.protobuf.Value some_value = 13; google.protobuf.Empty nothing = 14; repeated string tags = 15;
}
message Update { Book book = 1; google.protobuf.FieldMask update_mask = 2; string reason = 3; }
message Two { Book book = 1; google.protobuf.FieldMask update_mask = 2; google.protobuf.FieldMask read_mask = 3; }
message Other { Book book = 1; google.protobuf.FieldMask field_paths = 2; }
service S {
  rpc Update(Update) returns (Book) { option (google.api.http) = {
    patch: "/v1/{book.name=books/*}" body: "book"
    additional_bindings { put: "/v1/{book.name=books/*}" body: "book" }
    additional_bindings { patch: "/whole" body: "*" }
    additional_bindings { patch: "/reason" body: "reason" }
  }; }
  rpc Many(stream Update) returns (Book) { option (google.api.http) = { patch: "/many" body: "book" }; }
  rpc Two(Two) returns (Book) { option (google.api.http) = { patch: "/two" body: "book" }; }
  rpc Other(Other) returns (Book) { option (google.api.http) = { patch: "/other" body: "book" }; }
}`;

function start(t: Test, options: Partial<GatewayOptions> = {}): Promise<OwnService> {
  return openOwnService(
    t,
    TEXT,
    (encode) =>
      Object.fromEntries(
        ['Update', 'Many', 'Two', 'Other'].map((name) => [
          name,
          [{ in: 'end' as const }, { out: encode('Book', {}) }],
        ]),
      ),
    options,
  );
}

/** Sends a body, and what the service got: the paths of its mask as they are on the wire, and the rest as JSON. */
async function patch(
  own: OwnService,
  path: string,
  body: string,
  { method = 'PATCH', type = 'application/json', rpc = 'Update' } = {},
): Promise<{ status: number; paths: string[] | undefined; json: Record<string, JsonValue>; text: string }> {
  const { status, text } = await http(own.url + path, { method, body, headers: { 'content-type': type } });
  const message = own.upstream.calls(`/t.S/${rpc}`).at(-1)?.received.at(-1);
  const mask = message === undefined ? undefined : maskOf(message);
  const withoutMask = message === undefined ? new Uint8Array(0) : withoutField(message, 2);
  return { status, text, paths: mask, json: own.decode('Update', withoutMask) as Record<string, JsonValue> };
}

/** Records of a message of single-byte tags and lengths up to 16 383. */
function records(bytes: Uint8Array): { number: number; value: Uint8Array; whole: Uint8Array }[] {
  const found = [];
  for (let at = 0; at < bytes.length; ) {
    const start = at;
    const number = (bytes[at++] as number) >> 3;
    let length = bytes[at++] as number;
    if (length > 127) length = (length & 127) | ((bytes[at++] as number) << 7);
    found.push({ number, value: bytes.subarray(at, at + length), whole: bytes.subarray(start, at + length) });
    at += length;
  }
  return found;
}
const maskOf = (message: Uint8Array) => {
  const mask = records(message).filter(({ number }) => number === 2);
  return mask.length === 0
    ? undefined
    : mask.flatMap(({ value }) => records(value).map((path) => Buffer.from(path.value).toString()));
};
const withoutField = (message: Uint8Array, field: number) =>
  Buffer.concat(records(message).flatMap(({ number, whole }) => (number === field ? [] : [whole])));

t.test('a PATCH without a mask gets that of its body', async (t) => {
  const own = await start(t);
  t.same(own.schema.problems, []);
  const cases: [body: JsonValue, paths: string[]][] = [
    [{ displayTitle: 'x' }, ['display_title']],
    [{ display_title: 'x', pageCount: '7' }, ['display_title', 'page_count']],
    [{ pageCount: 0, note: null, displayTitle: '' }, ['display_title', 'note', 'page_count']],
    [
      { nextBook: { nextBook: { displayTitle: 'x', note: null }, tags: [] } },
      ['next_book.next_book.display_title', 'next_book.next_book.note', 'next_book.tags'],
    ],
    [{ nextBook: {} }, ['next_book']],
    [{ nextBook: null }, ['next_book']],
    [{ moreBooks: [{ name: 'x' }], tags: ['a'] }, ['more_books', 'tags']],
    [{ byName: { a: { name: 'x' }, 'b.c': {} } }, ['by_name']],
    [{ printedAt: '2020-01-01T00:00:00Z', bestRank: 0 }, ['best_rank', 'printed_at']],
    [
      { extraData: { a: { b: 1 } }, someValue: { c: null }, nothing: {} },
      ['extra_data', 'nothing', 'some_value'],
    ],
    [{ anyThing: { '@type': 'type.googleapis.com/t.Book', name: 'x' } }, ['any_thing']],
    [
      { addressLine1: 'x', nextBook: { address_line_1: 'y' } },
      ['address_line_1', 'next_book.address_line_1'],
    ],
    [
      { printedAt: null, bestRank: null, moreBooks: null, byName: null },
      ['best_rank', 'by_name', 'more_books', 'printed_at'],
    ],
  ];
  for (const [body, paths] of cases) {
    for (const type of ['application/json', 'application/merge-patch+json; charset=utf-8']) {
      const sent = await patch(own, '/v1/books/1', JSON.stringify(body), { type });
      t.equal(sent.status, 200, sent.text);
      t.same(sent.paths, paths, JSON.stringify(body));
      t.match(sent.json, { book: { name: 'books/1' } }, 'the path has its field too');
    }
  }
});

t.test('a mask of the client wins, and where the rule says nothing of one there is none', async (t) => {
  const own = await start(t);
  const body = '{"displayTitle":"x","nextBook":{"pageCount":"3"}}';
  t.same((await patch(own, '/v1/books/1?update_mask=note', body)).paths, ['note']);
  t.same((await patch(own, '/v1/books/1?updateMask=display_title,nextBook.pageCount', body)).paths, [
    'display_title',
    'next_book.page_count',
  ]);
  t.same((await patch(own, '/v1/books/1?update_mask=*', body)).paths, ['*']);
  t.same(
    (await patch(own, '/v1/books/1?update_mask=', body)).paths,
    ['display_title', 'next_book.page_count'],
    'an empty one is none',
  );
  t.same(
    (await patch(own, '/v1/books/1?update_mask=address_line_1', body)).paths,
    ['address_line_1'],
    'as it is written',
  );
  t.same((await patch(own, '/v1/books/1', body, { method: 'PUT' })).paths, undefined, 'PUT');
  t.same((await patch(own, '/v1/books/1', '{}')).paths, undefined, 'a body that says nothing');
  t.same((await patch(own, '/v1/books/1', '')).paths, undefined, 'no body');
  t.same(
    (await patch(own, '/whole', '{"book":{"note":"x"}}')).paths,
    undefined,
    'a body that has room for the mask',
  );
  t.same((await patch(own, '/reason', '"why"')).paths, undefined, 'a body that is no message');
  t.same((await patch(own, '/two', body, { rpc: 'Two' })).paths, undefined, 'two masks');
  t.same(
    (await patch(own, '/other', body, { rpc: 'Other' })).paths,
    ['display_title', 'next_book.page_count'],
    'by any name',
  );
  const lines = await patch(own, '/many', '{"note":"a"}\n{"tags":[]}\n', {
    type: 'application/x-ndjson',
    rpc: 'Many',
  });
  t.same(lines.paths, ['tags'], 'each message of a stream has its own');
  t.same(lines.json, { book: {} });
  t.equal((await patch(own, '/v1/books/1', '{"nope":1}')).status, 400);
  const put = await http(`${own.url}/v1/books/1`, {
    method: 'PUT',
    body,
    headers: { 'content-type': 'application/merge-patch+json' },
  });
  t.equal(put.status, 415, 'a merge patch is for PATCH');
  const text = await http(`${own.url}/v1/books/1`, {
    method: 'PATCH',
    body,
    headers: { 'content-type': 'text/plain' },
  });
  t.match(text, {
    status: 415,
    headers: { 'accept-patch': 'application/json, application/merge-patch+json' },
  });
  const off = await start(t, { patchMask: false });
  t.same((await patch(off, '/v1/books/1', body)).paths, undefined, '--patch-mask off');
});

t.test('the paths of a body are those that it has a value for, whatever it looks like', async (t) => {
  const own = await start(t);
  const leaf = fc.oneof(
    fc.record({ displayTitle: fc.string() }, { requiredKeys: [] }),
    fc.record(
      { note: fc.option(fc.string()), tags: fc.array(fc.string(), { maxLength: 2 }) },
      { requiredKeys: [] },
    ),
  );
  const { book } = fc.letrec<{ book: Record<string, unknown> }>((tie) => ({
    book: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.record({ nextBook: fc.option(tie('book')), page_count: fc.nat() }, { requiredKeys: [] }),
    ) as fc.Arbitrary<Record<string, unknown>>,
  }));
  const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const expected = (json: Record<string, unknown>, prefix = ''): string[] =>
    Object.entries(json).flatMap(([name, value]) => {
      const path = prefix + snake(name);
      const isParent = name === 'nextBook' && value !== null && Object.keys(value as object).length > 0;
      return isParent ? expected(value as Record<string, unknown>, `${path}.`) : [path];
    });
  await fc.assert(
    fc.asyncProperty(book, async (json) => {
      const sent = await patch(own, '/v1/books/1', JSON.stringify(json));
      t.same([sent.status, sent.paths ?? []], [200, expected(json).sort()]);
    }),
    { numRuns: 60 },
  );
});
