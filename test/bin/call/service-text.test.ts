import { pino } from 'pino';
import t from 'tap';
import { describedText, listText } from '../../../bin/call/schema-question.js';
import { symbolText } from '../../../bin/call/symbol-text.js';
import { LIST_COMMAND, readSettings, UsageError } from '../../../bin/options/index.js';
import { openCore } from '../../../grpc-core/index.js';
import { schemaFromText } from '../../gateway/schema/schema-from-text.js';

const settingsOf = (...line: string[]) => readSettings(LIST_COMMAND, line, {}, { takesRest: true });

t.test('list and describe speak of a running server', async (t) => {
  const core = await openCore({
    listen: '127.0.0.1:0',
    dataDir: t.testdir(),
    log: pino({ level: 'silent' }),
  });
  t.teardown(() => core.close());
  const list = await listText(await settingsOf('--grpc', core.address));
  const lines = list.trimEnd().split('\n');
  t.ok(lines.length > 13);
  for (const line of lines)
    t.match(line, /^[\w.]+\/\w+ +(unary|(server|client|bidi) stream) +(stream )?\w+ -> (stream )?\w+$/);
  t.match(
    list,
    /^streaming\.StreamingService\/Chat +bidi stream +stream ChatMessage -> stream ChatMessage$/m,
  );
  const one = await listText(await settingsOf('--grpc', core.address, 'streaming.StreamingService'));
  t.equal(one.trimEnd().split('\n').length, 13);
  await t.rejects(listText(await settingsOf('--grpc', core.address, 'streaming.StreamingServce')), {
    message: 'there is no service "streaming.StreamingServce", did you mean streaming.StreamingService?',
  });
  const text = await describedText(await settingsOf('--grpc', core.address, 'GetDataStream'));
  t.match(text, /^\/\/ A durable numbered stream/);
  t.match(text, /option \(sluice\.v1\.stream\) = \{ cursor: "id" resume: "start_from_id" \};/);
  t.match(text, /\nmessage StreamRequest \{\n[^}]*int32 start_from_id = 1;/);
  t.match(
    text,
    /\n\/\/ sluice call streaming\.StreamingService\/GetDataStream -d '\{"startFromId":990\}'\n$/,
  );
});

const PROTO = `
  import "google/protobuf/timestamp.proto";
  // How loud.
  enum Level { option allow_alias = true; LEVEL_UNSPECIFIED = 0; LOW = 1;
    // Very.
    HIGH = 2 [deprecated = true]; }
  // All of it.
  // On two lines.
  message All {
    message Inner { bool yes = 1; }
    enum Kind { KIND_UNSPECIFIED = 0; }
    // A text.
    string text = 1;
    repeated int64 numbers = 2 [deprecated = true];
    map<string, Inner> inners = 3;
    oneof choice {
      Level level = 4;
      google.protobuf.Timestamp at = 5;
    }
    optional bytes maybe = 6;
    Kind kind = 7;
  }
  message Up { bytes data = 1; }
  message Cursor { int64 after = 1; }
  // What it does.
  service S {
    // One at a time. \u{9b}31m
    rpc One(All) returns (All) { option (google.api.http) = { post: "/v1/one" body: "*" }; }
    rpc Store(stream Up) returns (All) { option (sluice.v1.file) = { data: "data" }; }
  }
  service Rules {
    rpc Open(Cursor) returns (Cursor) { option (sluice.v1.access) = { level: PUBLIC }; }
    rpc Known(Cursor) returns (Cursor) { option (sluice.v1.access) = {}; }
    rpc Some(Cursor) returns (Cursor) { option (sluice.v1.access) = { scopes: "a" scopes: "b" roles: "admin" }; }
    rpc Follow(Cursor) returns (stream Cursor) {
      option (sluice.v1.stream) = { cursor: "after" resume: "after" slow_reader: { policy: CONFLATE key: "after" } };
      option (sluice.v1.recording) = { sharing: EVERYONE start: SNAPSHOT key: "after" key_metadata: "x-tenant" };
    }
    rpc Newest(Cursor) returns (stream Cursor) {
      option (sluice.v1.stream) = { slow_reader: { policy: DROP_OLDEST max_messages: 7 } };
      option (sluice.v1.recording) = {};
    }
    rpc Strict(Cursor) returns (stream Cursor) { option (sluice.v1.stream) = { slow_reader: { policy: DISCONNECT } }; }
  }`;

t.test('types and methods are shown as a .proto file has them, with their comments', async (t) => {
  const schema = await schemaFromText(t, PROTO);
  t.equal(
    symbolText(schema, 't.All'),
    `// All of it.
// On two lines.
message All {
  enum Kind {
    KIND_UNSPECIFIED = 0;
  }
  message Inner {
    bool yes = 1;
  }
  // A text.
  string text = 1;
  repeated int64 numbers = 2 [deprecated = true];
  map<string, All.Inner> inners = 3;
  oneof choice {
    Level level = 4;
    google.protobuf.Timestamp at = 5;
  }
  optional bytes maybe = 6;
  All.Kind kind = 7;
}
`,
  );
  t.match(
    symbolText(schema, 'Level'),
    /^\/\/ How loud\.\nenum Level \{\n {2}LEVEL_UNSPECIFIED = 0;\n {2}LOW = 1;\n {2}\/\/ Very\.\n {2}HIGH = 2 \[deprecated = true\];\n\}\n$/,
  );
  t.equal(
    symbolText(schema, 't.S'),
    `// What it does.
service S {
  // One at a time. \\u009b31m
  rpc One(t.All) returns (t.All) {
    option (google.api.http) = { post: "/v1/one" body: "*" };
  }

  rpc Store(stream t.Up) returns (t.All) {
    option (sluice.v1.file) = { data: "data" };
  }
}
`,
  );
  t.match(symbolText(schema, 't.S/One'), /\n\nmessage All|\/\/ All of it\.\n/);
  t.throws(() => symbolText(schema, 't.Al'), {
    message: 'there is no service, method or type "t.Al", did you mean t.All?',
  } as never);
  t.throws(() => symbolText(schema, 'zzzz'), UsageError);
});

t.test('a method says who may call it, and how its streams go on, drop and are kept', async (t) => {
  const schema = await schemaFromText(t, PROTO);
  t.same(
    [...symbolText(schema, 't.Rules').matchAll(/rpc (\w+)|option (.*);/g)].map(
      ([, rpc, option]) => rpc ?? option,
    ),
    [
      'Open',
      '(sluice.v1.access) = { level: PUBLIC }',
      'Known',
      '(sluice.v1.access) = { level: AUTHENTICATED }',
      'Some',
      '(sluice.v1.access) = { level: AUTHENTICATED scopes: ["a", "b"] roles: ["admin"] }',
      'Follow',
      '(sluice.v1.stream) = { cursor: "after" resume: "after" slow_reader: { policy: CONFLATE key: "after" max_messages: 1000 } }',
      '(sluice.v1.recording) = { sharing: EVERYONE start: SNAPSHOT key: "after" key_metadata: ["x-tenant"] }',
      'Newest',
      '(sluice.v1.stream) = { slow_reader: { policy: DROP_OLDEST max_messages: 7 } }',
      '(sluice.v1.recording) = {}',
      'Strict',
      '(sluice.v1.stream) = { slow_reader: { policy: DISCONNECT after_ms: 30000 } }',
    ],
  );
});

t.test('a field, a oneof and a value of an enum have names of their own', async (t) => {
  const schema = await schemaFromText(t, PROTO);
  const cases: [name: string, text: string][] = [
    ['t.All.text', '// A text.\nstring text = 1;\n'],
    ['All.inners', 'map<string, All.Inner> inners = 3;\n\nmessage Inner {\n  bool yes = 1;\n}\n'],
    ['t.All.kind', 'All.Kind kind = 7;\n\nenum Kind {\n  KIND_UNSPECIFIED = 0;\n}\n'],
    ['.t.All.choice', 'oneof choice {\n  Level level = 4;\n  google.protobuf.Timestamp at = 5;\n}\n'],
    ['t.Level.HIGH', '// Very.\nHIGH = 2 [deprecated = true];\n'],
    ['t.All.Inner.yes', 'bool yes = 1;\n'],
  ];
  for (const [name, text] of cases) t.equal(symbolText(schema, name), text, name);
  t.equal(symbolText(schema, '.t.All'), symbolText(schema, 't.All'));
  t.throws(() => symbolText(schema, 't.All.txet'), {
    message: 'there is no service, method or type "t.All.txet", did you mean t.All.text?',
  } as never);
});
