import type { JsonValue } from '@bufbuild/protobuf';
import t, { type Test } from 'tap';
import type { GatewayConfig } from '../../../../gateway/index.js';
import { http, httpJson, sseEvents } from '../../../support/http.js';
import { type OwnService, openOwnService } from '../../../support/own-service.js';

// A service with rules as those of the Agent2Agent protocol: a second binding below a tenant for every method, verbs behind variables, a literal
// first segment beside one that is any tenant's, a oneof, Struct, Value, bytes and optional fields.

const TYPES = `
import "google/protobuf/empty.proto"; import "google/protobuf/struct.proto"; import "google/protobuf/timestamp.proto";
enum State { STATE_UNSPECIFIED = 0; STATE_WORKING = 2; STATE_DONE = 3; }
message Part { oneof content { string text = 1; bytes raw = 2; string url = 3; google.protobuf.Value data = 4; } google.protobuf.Struct metadata = 5; }
message Note { string note_id = 1; repeated Part parts = 5; }
message Task { string id = 1; State state = 2; google.protobuf.Timestamp at = 3; google.protobuf.Struct metadata = 6; }
message SendRequest { string tenant = 1; Note note = 2; optional int32 history = 3; google.protobuf.Struct metadata = 4; }
message Event { oneof payload { Task task = 1; Note note = 2; } }
message TaskRequest { string tenant = 1; string id = 2; optional int32 history = 3; }
message ListRequest { string tenant = 1; State state = 3; optional int32 page_size = 4; optional bool artifacts = 8; google.protobuf.Timestamp after = 7; }
message ListAnswer { repeated Task tasks = 1; string next = 2; }
message Hook { string tenant = 1; string id = 2; string task_id = 3; string url = 4; }
message HookRequest { string tenant = 1; string task_id = 2; string id = 3; }
`;

const METHODS: readonly [rpc: string, verb: 'get' | 'post' | 'delete', path: string][] = [
  ['Send(SendRequest) returns (Event)', 'post', '/message:send'],
  ['Stream(SendRequest) returns (stream Event)', 'post', '/message:stream'],
  ['GetTask(TaskRequest) returns (Task)', 'get', '/tasks/{id=*}'],
  ['ListTasks(ListRequest) returns (ListAnswer)', 'get', '/tasks'],
  ['CancelTask(TaskRequest) returns (Task)', 'post', '/tasks/{id=*}:cancel'],
  ['Subscribe(TaskRequest) returns (stream Event)', 'get', '/tasks/{id=*}:subscribe'],
  ['CreateHook(Hook) returns (Hook)', 'post', '/tasks/{task_id=*}/hooks'],
  ['GetHook(HookRequest) returns (Hook)', 'get', '/tasks/{task_id=*}/hooks/{id=*}'],
  ['ListHooks(HookRequest) returns (ListAnswer)', 'get', '/tasks/{task_id=*}/hooks'],
  ['DeleteHook(HookRequest) returns (google.protobuf.Empty)', 'delete', '/tasks/{task_id=*}/hooks/{id=*}'],
];

const IN_PROTO = METHODS.map(([rpc, verb, path]) => {
  const body = verb === 'post' ? ' body: "*"' : '';
  return `rpc ${rpc} { option (google.api.http) = { ${verb}: "${path}"${body} additional_bindings { ${verb}: "/{tenant}${path}"${body} } }; }`;
});
const PLAIN = METHODS.map(([rpc]) => `rpc ${rpc};`);
const RULES: NonNullable<GatewayConfig['http']>['rules'] = METHODS.map(([rpc, verb, path]) => {
  const body = verb === 'post' ? { body: '*' } : {};
  return {
    selector: `t.S.${rpc.slice(0, rpc.indexOf('('))}`,
    [verb]: path,
    ...body,
    additionalBindings: [{ [verb]: `/{tenant}${path}`, ...body }],
  };
});

const SOURCES = [
  ['rules in the proto', IN_PROTO, {}],
  ['rules in the configuration file', PLAIN, { config: { http: { rules: RULES } } }],
] as const;

function openAgent(t: Test, [, methods, options]: (typeof SOURCES)[number]): Promise<OwnService> {
  const service = `${TYPES} service S { ${methods.join('\n')} }`;
  return openOwnService(
    t,
    service,
    (encode) => {
      const task = encode('Task', { id: 'x', state: 'STATE_DONE', metadata: { a: [1, null] } });
      const events: JsonValue[] = [
        { task: { id: 'x', state: 'STATE_WORKING' } },
        { note: { noteId: 'n', parts: [{ data: { deep: [true] } }, { raw: 'AQI=' }, { data: null }] } },
      ];
      const stream = [{ in: 'end' } as const, ...events.map((event) => ({ out: encode('Event', event) }))];
      return {
        Send: [{ in: 'end' }, { out: encode('Event', events[1] ?? {}) }],
        Stream: stream,
        Subscribe: stream,
        GetTask: [{ in: 'end' }, { out: task }],
        CancelTask: [{ in: 'end' }, { out: task }],
        ListTasks: [{ in: 'end' }, { out: encode('ListAnswer', { tasks: [{ id: 'x' }] }) }],
        ListHooks: [{ in: 'end' }, { out: encode('ListAnswer', {}) }],
        CreateHook: [{ in: 'end' }, { out: encode('Hook', { id: 'h' }) }],
        GetHook: [{ in: 'end' }, { out: encode('Hook', { id: 'h' }) }],
        DeleteHook: [{ in: 'end' }, { out: new Uint8Array(0) }],
      };
    },
    options,
  );
}

interface AgentCase {
  readonly ask: string;
  readonly body?: JsonValue;
  readonly method: string;
  readonly type: string;
  readonly received: JsonValue;
}

const NOTE = { noteId: 'n', parts: [{ text: 'hi' }, { data: 5 }, { raw: '/w==' }] };
const CASES: readonly AgentCase[] = [
  {
    ask: 'POST /message:send',
    body: { note: NOTE, history: 0 },
    method: 'Send',
    type: 'SendRequest',
    received: { note: NOTE, history: 0 },
  },
  {
    ask: 'POST /acme/message:send',
    body: { metadata: { a: 1 } },
    method: 'Send',
    type: 'SendRequest',
    received: { tenant: 'acme', metadata: { a: 1 } },
  },
  { ask: 'POST /message/message:send', method: 'Send', type: 'SendRequest', received: { tenant: 'message' } },
  { ask: 'GET /tasks', method: 'ListTasks', type: 'ListRequest', received: {} },
  {
    ask: 'GET /tasks?state=STATE_WORKING&pageSize=0&artifacts=false&after=2026-01-02T03:04:05Z&tenant=q',
    method: 'ListTasks',
    type: 'ListRequest',
    received: {
      state: 'STATE_WORKING',
      pageSize: 0,
      artifacts: false,
      after: '2026-01-02T03:04:05Z',
      tenant: 'q',
    },
  },
  {
    ask: 'GET /acme/tasks?page_size=5',
    method: 'ListTasks',
    type: 'ListRequest',
    received: { tenant: 'acme', pageSize: 5 },
  },
  { ask: 'GET /a%2Fb%3Ac/tasks', method: 'ListTasks', type: 'ListRequest', received: { tenant: 'a/b:c' } },
  {
    ask: 'GET /tasks/7?history=3',
    method: 'GetTask',
    type: 'TaskRequest',
    received: { id: '7', history: 3 },
  },
  { ask: 'GET /tasks/tasks', method: 'GetTask', type: 'TaskRequest', received: { id: 'tasks' } },
  {
    ask: 'GET /tasks/tasks/tasks',
    method: 'GetTask',
    type: 'TaskRequest',
    received: { tenant: 'tasks', id: 'tasks' },
  },
  {
    ask: 'GET /acme/tasks/a:b',
    method: 'GetTask',
    type: 'TaskRequest',
    received: { tenant: 'acme', id: 'a:b' },
  },
  {
    ask: 'GET /tasks/7%3Asubscribe',
    method: 'GetTask',
    type: 'TaskRequest',
    received: { id: '7:subscribe' },
  },
  { ask: 'POST /tasks/7:cancel', method: 'CancelTask', type: 'TaskRequest', received: { id: '7' } },
  {
    ask: 'POST /tasks/a:b:cancel',
    body: { history: 1 },
    method: 'CancelTask',
    type: 'TaskRequest',
    received: { id: 'a:b', history: 1 },
  },
  {
    ask: 'POST /acme/tasks/7:cancel',
    body: {},
    method: 'CancelTask',
    type: 'TaskRequest',
    received: { tenant: 'acme', id: '7' },
  },
  {
    ask: 'POST /tasks/7/hooks',
    body: { url: 'u' },
    method: 'CreateHook',
    type: 'Hook',
    received: { taskId: '7', url: 'u' },
  },
  { ask: 'GET /tasks/7/hooks', method: 'ListHooks', type: 'HookRequest', received: { taskId: '7' } },
  {
    ask: 'GET /acme/tasks/7/hooks/8',
    method: 'GetHook',
    type: 'HookRequest',
    received: { tenant: 'acme', taskId: '7', id: '8' },
  },
  {
    ask: 'DELETE /tasks/7/hooks/8',
    method: 'DeleteHook',
    type: 'HookRequest',
    received: { taskId: '7', id: '8' },
  },
];

for (const source of SOURCES) {
  t.test(`an agent: every path leads to its method (${source[0]})`, async (t) => {
    const own = await openAgent(t, source);
    t.same(own.schema.problems, []);
    for (const { ask, body, method, type, received } of CASES) {
      const [verb = '', path = ''] = ask.split(' ');
      const before = own.upstream.calls(`/t.S/${method}`).length;
      const { status, json } = await httpJson(`${own.url}${path}`, {
        method: verb,
        ...(body !== undefined && {
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        }),
      });
      t.equal(status, 200, `${ask}: ${JSON.stringify(json)}`);
      const call = own.upstream.calls(`/t.S/${method}`)[before];
      t.same(call && own.decode(type, call.received[0]), received, ask);
      if (method === 'DeleteHook') t.same(json, {});
    }
  });

  t.test(`an agent: streams are SSE, and what has no rule is refused (${source[0]})`, async (t) => {
    const own = await openAgent(t, source);
    const headers = { accept: 'text/event-stream' };
    const asks: [verb: string, path: string, method: string, type: string, received: JsonValue][] = [
      ['POST', '/message:stream', 'Stream', 'SendRequest', {}],
      ['POST', '/acme/message:stream', 'Stream', 'SendRequest', { tenant: 'acme' }],
      ['GET', '/tasks/7:subscribe', 'Subscribe', 'TaskRequest', { id: '7' }],
      [
        'GET',
        '/acme/tasks/a%2Fb:subscribe?history=2',
        'Subscribe',
        'TaskRequest',
        { tenant: 'acme', id: 'a/b', history: 2 },
      ],
    ];
    for (const [verb, path, method, type, received] of asks) {
      const before = own.upstream.calls(`/t.S/${method}`).length;
      const answer = await http(`${own.url}${path}`, { method: verb, headers });
      t.equal(answer.status, 200, path);
      const data = sseEvents(answer.text).filter(({ event }) => event === 'message');
      t.same(
        data.map((each) => each.data),
        [
          { task: { id: 'x', state: 'STATE_WORKING' } },
          { note: { noteId: 'n', parts: [{ data: { deep: [true] } }, { raw: 'AQI=' }, { data: null }] } },
        ],
        path,
      );
      const call = own.upstream.calls(`/t.S/${method}`)[before];
      t.same(call && own.decode(type, call.received[0]), received, path);
    }
    const refused: [ask: string, status: number, text: RegExp][] = [
      ['GET /message:send', 405, /use POST here/],
      ['PUT /tasks/7', 405, /use GET or HEAD here/],
      ['GET /tasks/7:cancel', 405, /use POST here/],
      ['POST /tasks/7', 405, /use GET or HEAD here/],
      ['GET /tasks/', 404, /no method has the path/],
      ['GET /a/b/tasks', 404, /no method has the path/],
      ['GET /acme/message', 404, /no method has the path/],
      ['GET /tasks?nope=1', 400, /"nope" is unknown: t\.ListRequest has no field "nope"/],
      ['GET /tasks/7?id=8', 400, /"id" is given by the path already/],
      ['GET /acme/tasks?tenant=b', 400, /"tenant" is given by the path already/],
      ['GET /tasks?state=DONE', 400, /"state" must be a value of t\.State/],
    ];
    for (const [ask, status, text] of refused) {
      const [verb = '', path = ''] = ask.split(' ');
      const answer = await http(`${own.url}${path}`, { method: verb });
      t.equal(answer.status, status, ask);
      t.match(JSON.parse(answer.text).error.message, text, ask);
    }
  });
}
