import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { http, httpJson } from '../support/http.js';
import { startGateway, startPeer } from './peer.js';
import { describePeer, PEER_FILES, skip, THEIRS } from './python.js';

const OURS = fileURLToPath(new URL('../../proto', import.meta.url));

/** Canonical ProtoJSON of everything the peer's message can hold: it must come back as it went. */
const EVERYTHING = `{
  "text":"a\\u0000\\u2028😀","id":"-9223372036854775808","unsigned":"18446744073709551615","raw":"AP8=","real":1e+300,
  "single":"-Infinity","flag":true,"colour":"COLOUR_BELOW","maybe":"","maybeNumber":0,
  "nested":{"number":-1,"child":{"child":{},"constructor":"c"}},"many":[{},{"number":3}],
  "byName":{"constructor":{"number":1},"__proto__":{"number":2}},"byNumber":{"-5":"x"},"byFlag":{"true":"COLOUR_RED"},
  "asNull":null,"any":{"@type":"type.googleapis.com/foreign.v1.Item","number":"5"},
  "struct":{"a":[1,null,{"b":true}],"__proto__":{"x":"y"}},"value":[null],"list":[1,"2",{}],
  "timestamp":"2020-02-29T23:59:59.123456789Z","duration":"-1.500s","mask":"text,nested.childNumber",
  "wrappedLong":"0","wrappedText":"","wrappedBytes":"","wrappedFlag":false,"numbers":[1,-2],
  "colours":["COLOUR_NONE","COLOUR_RED",77],"$odd-name":"o","zigzag":-3,"fixed":"5","empty":{},
  "record":{"key":"k","level":7,"mode":"MODE_FAST","packed":["1"],"loose":["-1"],"extra":{"note":"n"},"raw":"","[legacy.remark]":"r"},
  "Proto":"p"
}`;

t.test('ProtoJSON, with each source of the schema', { skip }, async (t) => {
  const peer = await startPeer(t);
  const files = PEER_FILES.flatMap((file) => ['--proto', join(THEIRS, file)]);
  const sources: Record<string, string[]> = {
    'server reflection': [],
    'a descriptor set': ['--descriptor-set', describePeer(t)],
    'proto files': [...files, '--proto-path', THEIRS, '--proto-path', OURS],
  };
  const methods: string[][] = [];
  for (const [source, args] of Object.entries(sources)) {
    await t.test(source, async (t) => {
      const url = await startGateway(t, peer.target, ...args);
      const echo = (body: string) =>
        http(`${url}/foreign.v1.Peer/Echo`, { body, headers: { 'content-type': 'application/json' } });

      const answer = await echo(EVERYTHING);
      t.equal(answer.status, 200);
      t.same(JSON.parse(answer.text), JSON.parse(EVERYTHING), 'everything comes back as it went');
      t.match(answer.text, '"__proto__":{"number":2}', 'a key of a map is only a key');

      for (const [given, canonical] of [
        [
          '{"maybe_number":"1e2","colour":1,"raw":"_-8"}',
          '{"raw":"/+8=","colour":"COLOUR_RED","maybeNumber":100}',
        ],
        ['{"colour":"COLOUR_CRIMSON","real":"1.5"}', '{"real":1.5,"colour":"COLOUR_RED"}'],
        ['{"timestamp":"2020-01-01T00:00:00+02:00"}', '{"timestamp":"2019-12-31T22:00:00Z"}'],
        ['{"text":null,"wrappedLong":null,"many":null}', '{}'],
        ['{"value":null}', '{"value":null}'],
      ] as const) {
        t.same(JSON.parse((await echo(given)).text), JSON.parse(canonical), given);
      }
      for (const [bad, field] of [
        ['{"id":1.5}', 'id'],
        ['{"maybeNumber":2147483648}', 'maybe_?number'],
        ['{"text":5}', 'text'],
        ['{"nope":1}', 'nope'],
        ['{"text":"a","text":"b"}', 'text'],
        ['{"asText":"a","asNested":{}}', 'as_?text|as_?nested'],
        ['{"many":[null]}', 'many'],
        ['{"record":{"level":1}}', 'key'],
        ['{"any":{"@type":"x/nobody.Knows"}}', 'nobody.Knows'],
        ['{"text":"\\ud800"}', 'text'],
        ['[]', ''],
        ['{"text":"a"', ''],
      ] as const) {
        const { status, text } = await echo(bad);
        t.equal(status, 400, `${bad} is refused`);
        t.match(JSON.parse(text).error.message, new RegExp(field, 'i'), 'and the field is named');
      }
      const large = await echo('{"value":{"a":1e400}}');
      t.equal(large.status, 400, 'a number that no Value can hold');
      const exact = await echo('{"id":9007199254740993,"unsigned":18446744073709551615}');
      const kept = /"9007199254740993".*"18446744073709551615"/.test(exact.text);
      t.ok(kept, 'an integer is exact');
      const { json } = await httpJson(`${url}/_sluice/services`);
      type Described = { name: string; methods: { path: string; kind: string }[] };
      const { services } = json as { services: Described[] };
      methods.push(
        services.flatMap((service) => service.methods.map(({ path, kind }) => `${path} ${kind}`)).sort(),
      );
    });
  }
  t.ok(methods[0]?.includes('/foreign.v1.Peer/metadata_OF unary'));
  t.same(methods[1], methods[0], 'a descriptor set says what reflection says');
  t.same(methods[2], methods[0], 'and so do the files');
});
