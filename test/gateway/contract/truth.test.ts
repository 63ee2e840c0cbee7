import { createRequire } from 'node:module';
import t from 'tap';
import { ContractDocuments } from '../../../gateway/contract/index.js';
import { http } from '../../support/http.js';
import { openOwnService } from '../../support/own-service.js';
import { Random } from '../codec/random.js';
import { randomWire } from '../codec/random-wire.js';

const require = createRequire(import.meta.url);

const SERVICE = `
  import "google/protobuf/timestamp.proto"; import "google/protobuf/wrappers.proto"; import "google/protobuf/duration.proto";
  import "google/api/field_behavior.proto";
  message Q {
    string name = 1 [(google.api.field_behavior) = REQUIRED];
    int64 big = 2; uint64 more = 3; Kind kind = 4; repeated Q inner = 5; map<int32, Kind> counts = 6; double real = 7; float half = 8; bytes raw = 9;
    google.protobuf.Timestamp at = 10; google.protobuf.Duration left = 11; google.protobuf.DoubleValue maybe = 12; google.protobuf.BytesValue bits = 13;
    oneof one { string text = 14; Q other = 15; bool flag = 16; } optional uint32 small = 17; sint32 zigzag = 18; map<bool, Q> sides = 19;
  }
  enum Kind { KIND_NONE = 0; KIND_SOME = 1; }
  service S { rpc Get(Q) returns (Q); rpc Watch(Q) returns (stream Q); rpc Fail(Q) returns (Q); }`;

t.test('what the gateway answers is what its document says, whatever the service sends', async (t) => {
  const seed = Number(process.env.SEED ?? 20_261_126);
  t.comment(`SEED=${seed}`);
  const random = new Random(seed);
  const sent: Buffer[] = [];
  const { url, schema } = await openOwnService(t, SERVICE, () => ({
    Get: () => [{ out: sent.at(-1) ?? Buffer.alloc(0) }],
    Watch: () => sent.slice(-3).map((out) => ({ out })),
    Fail: [{ status: 'NOT_FOUND', message: 'none' }],
  }));
  const type = schema.registry.getMessage('t.Q');
  if (type === undefined) throw new TypeError('t.Q');
  const document = JSON.parse(new ContractDocuments(schema, '').make('openapi-3.1').toString());
  const Ajv = require('ajv/dist/2020');
  const ajv = new Ajv({ strict: false, validateFormats: false });
  ajv.addSchema(document, 'doc');
  const validator = (pointer: string) => ajv.getSchema(`doc#${pointer}`);
  const operation = (name: string, rest: string) => `/paths/~1t.S~1${name}/post/responses/${rest}/schema`;
  const one = validator(operation('Get', '200/content/application~1json'));
  const line = validator(operation('Watch', '200/content/application~1x-ndjson'));
  const event = validator(operation('Watch', '200/content/text~1event-stream'));
  const message = validator('/components/schemas/t.Q-response');
  const error = validator('/components/schemas/sluice-error');
  const check = (validate: typeof one, value: unknown) => {
    if (!validate(value)) t.fail(`${JSON.stringify(validate.errors?.slice(0, 2))} ${JSON.stringify(value)}`);
  };
  const post = (name: string, accept: string) =>
    http(`${url}/t.S/${name}`, {
      method: 'POST',
      body: '{"name":"a"}',
      headers: { 'content-type': 'application/json', accept },
    });
  let whole = 0;
  for (let round = 0; round < 60; round += 1) {
    sent.push(randomWire(random, type, schema.registry as never, { untidy: false }));
    const answer = await post('Get', 'application/json');
    check(answer.status === 200 ? one : error, JSON.parse(answer.text));
    if (answer.status === 200) whole += 1;
    const lines = await post('Watch', 'application/x-ndjson');
    for (const text of lines.text.split('\n').filter(Boolean))
      check(lines.status === 200 ? line : error, JSON.parse(text));
    const events = await post('Watch', 'text/event-stream');
    if (events.status !== 200) continue;
    for (const { event: name, data } of eventsOf(events.text)) {
      check(event, { event: name, data: JSON.stringify(data) });
      if (name === 'message') check(message, data);
    }
  }
  t.ok(whole > 30, 'most are messages');
  const failed = await post('Fail', 'application/json');
  t.equal(failed.status, 404);
  check(error, JSON.parse(failed.text));
});

/** Line by line: a regular expression ends a line at U+2028 as well, which JSON may have. */
function eventsOf(text: string): { event: string; data: unknown }[] {
  return text.split('\n\n').flatMap((block) => {
    const field = (name: string) =>
      block
        .split('\n')
        .find((line) => line.startsWith(`${name}: `))
        ?.slice(name.length + 2);
    const data = field('data');
    return data === undefined ? [] : [{ event: field('event') ?? 'message', data: JSON.parse(data) }];
  });
}
