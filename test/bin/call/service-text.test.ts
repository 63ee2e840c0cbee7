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
  // What it does.
  service S {
    // One at a time. \u{9b}31m
    rpc One(All) returns (All) { option (google.api.http) = { post: "/v1/one" body: "*" }; }
    rpc Store(stream Up) returns (All) { option (sluice.v1.file) = { data: "data" }; }
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
