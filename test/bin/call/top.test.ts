import { PassThrough, Writable } from 'node:stream';
import t, { type Test } from 'tap';
import { runTop } from '../../../bin/call/index.js';
import { type StreamsLook, topLines } from '../../../bin/call/top-table.js';
import { readSettings, SettingsError, TOP_COMMAND } from '../../../bin/options/index.js';
import { bytes, openForeign } from '../../support/foreign.js';
import { callLine, startCallLine } from '../../support/sluice-call.js';

/** Runs `sluice top` until it has written what `wanted` looks for, or ends by itself. */
async function top(t: Test, line: readonly string[], { wanted = /(?!)/, isShown = false } = {}) {
  let out = '';
  let errors = '';
  const settings = await readSettings(TOP_COMMAND, line, {}, { takesRest: true });
  const output = new Writable({
    write(chunk: Buffer, _encoding, done) {
      out += chunk.toString();
      if (wanted.test(out)) errand.interrupt();
      done();
    },
  });
  const errand = await runTop(settings, {
    input: new PassThrough(),
    output: Object.assign(output, { isTTY: isShown, columns: 200, rows: 10 }),
    errors: {
      write(text: string) {
        errors += text;
      },
    },
  });
  t.teardown(() => errand.interrupt());
  const code = await errand.done.catch((reason: unknown) => {
    if (!(reason instanceof SettingsError)) throw reason;
    errors += reason.message;
    return 2;
  });
  return { code, out, errors };
}

t.test('open calls are seen by the admin port: as JSON, as a table, and on a screen', async (t) => {
  const { gateway, url } = await openForeign(t, {
    Down: [{ in: 'end' }, { out: await bytes({ text: 'x' }), times: 3 }, { wait: new Promise(() => {}) }],
  });
  const call = await startCallLine(t, [url, 'foreign.v1.Foreign/Down', '-H', 'x-request-id: one']);
  await call.until('{"text":"x"}\n{"text":"x"}\n{"text":"x"}\n');
  const once = await top(t, [gateway.adminUrl, '--once']);
  t.match(once, { code: 0, errors: '' });
  t.match(JSON.parse(once.out), {
    open: 1,
    streams: [{ method: 'foreign.v1.Foreign/Down', requestId: 'one', sent: { messages: 3 } }],
  });
  t.equal(once.out.split('\n').length, 2, 'on one line');
  const table = await top(t, ['--address', gateway.adminUrl, '--once', '--format', 'table']);
  t.match(table.out, /^1 open\nMETHOD {8}SURFACE {2}CLIENT .*\nForeign\/Down {2}grpc {5}127\.0\.0\.1 .* 3 /);
  const screen = await top(t, [gateway.adminUrl, '--interval', '100ms'], {
    isShown: true,
    wanted: /Foreign[\s\S]*Foreign.* 0\.0 /,
  });
  t.equal(screen.code, 0);
  t.ok(screen.out.startsWith('\x1b[?1049h\x1b[?25l\x1b[H1 open\x1b[K\r\n'), 'a screen of its own');
  t.ok(screen.out.endsWith('\x1b[?25h\x1b[?1049l'), 'which it leaves');
  const other = await top(t, [gateway.adminUrl, '--once', '--method', 'foreign.v1.Foreign/Ask']);
  t.equal(other.out, '{"open":0,"streams":[]}\n');
  const own = await top(t, [url, '--once', '--request-id', 'one']);
  t.match(JSON.parse(own.out), { open: 1 }, 'also by the listen address, with the id of a call');
  t.match(await top(t, ['127.0.0.1:1']), { code: 78, errors: /^sluice top: UNAVAILABLE: 127\.0\.0\.1:1/ });
  t.match(await top(t, [gateway.adminUrl, '--interval', 'x']), {
    code: 2,
    errors: /^--interval: write it like/,
  });
  t.match(await top(t, [gateway.adminUrl, '--interval', '1ms']), { code: 67, errors: /INVALID_ARGUMENT/ });
  call.interrupt();
  t.equal((await callLine(t, [url, 'foreign.v1.Foreign/Nothing'])).code, 2);
});

t.test('a table says how fast calls are, where bytes wait and who stalls, within the terminal', async (t) => {
  const row = {
    requestId: 'a',
    method: 'shop.v1.Orders/Watch',
    surface: 'sse',
    peer: '203.0.113.7',
    ageMs: 4_210,
    received: { messages: 1, bytes: 7 },
    sent: { messages: 812, bytes: 98_230 },
    dropped: 0,
    healed: 0,
    waiting: { gatewayBytes: 31_872, socketBytes: 4_270, windowBytes: 32_768, windowLeftBytes: 0 },
  };
  const stalled = {
    ...row,
    requestId: 'b',
    method: 'shop.v1.Orders/\u001b[2JBig',
    principal: 'alice',
    ageMs: 3_725_000,
    dropped: 7,
    credit: { messages: 3 },
    waiting: { gatewayBytes: 0 },
    stalled: { by: 'client', forMs: 125_000 },
  };
  const before: StreamsLook = {
    open: 2,
    streams: [
      { ...row, sent: { messages: 612, bytes: 0 } },
      { ...stalled, sent: { messages: 811, bytes: 0 } },
    ],
  };
  const look: StreamsLook = { open: 2, streams: [row, stalled] };
  t.same(topLines(look, { look: before, elapsedMs: 2_000 }, 200, 50), [
    '2 open, 1 stalled',
    'METHOD               SURFACE  CLIENT         AGE  MSG/S  SENT  BYTES  GATEWAY  SOCKET   WINDOW  CREDIT  DROPPED  STALLED BY',
    'Orders/Watch         sse      203.0.113.7   4.2s    100   812  95.9K    31.1K    4.2K  0/32.0K',
    'Orders/\\u001b[2JBig  sse      alice        1h02m    0.5   812  95.9K        0                        3        7  client 2m05s',
  ]);
  t.same(topLines(look, { look: before, elapsedMs: 2_000 }, 72, 50), [
    '2 open, 1 stalled',
    'METHOD               MSG/S  GATEWAY  SOCKET   WINDOW  STALLED BY',
    'Orders/Watch           100    31.1K    4.2K  0/32.0K',
    'Orders/\\u001b[2JBig    0.5        0                   client 2m05s',
  ]);
  const small = topLines(look, undefined, 20, 4);
  t.equal(small[0], '2 open, 1 stalled, 1');
  t.equal(small.length, 3, 'as many rows as there is room for');
  for (const line of small) t.ok(line.length <= 20, line);
  const same: StreamsLook = { open: 2, streams: [row, row] };
  t.notMatch(
    topLines(same, { look: same, elapsedMs: 1_000 }, 200, 50).join('\n'),
    / 0\.0 /,
    'calls that cannot be told apart have no rate',
  );
});
