import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { openOwnService } from '../../support/own-service.js';
import { COMMAND } from '../../support/process.js';
import { hasTerminals, openTerminal } from '../../support/terminal.js';

const PROTO = `
  message Item { string text = 1; }
  message Piece { bytes data = 1; string name = 2; }
  service S {
    rpc Both(stream Item) returns (stream Item);
    rpc Down(Item) returns (stream Item);
    rpc Store(stream Piece) returns (Item) { option (sluice.v1.file) = { data: "data" }; }
    rpc Fetch(Item) returns (stream Piece) { option (sluice.v1.file) = { data: "data" }; }
  }`;

const PIECE = Buffer.alloc(64 * 1024, 7);

async function open(t: Test) {
  let go = () => {};
  const going = new Promise<void>((resolve) => {
    go = resolve;
  });
  const service = await openOwnService(t, PROTO, (encode) => {
    const piece = encode('Piece', { data: PIECE.toString('base64') });
    return {
      Both: [{ echo: true }],
      Down: [{ out: encode('Item', { text: 'begun' }) }, { wait: new Promise(() => {}) }],
      Store: [{ in: 1 }, { wait: going }, { in: 'end' }, { out: encode('Item', { text: 'stored' }) }],
      Fetch: [{ in: 'end' }, { out: piece }, { wait: going }, { out: piece }],
    };
  });
  const run = (...line: string[]) =>
    openTerminal(t, [process.execPath, COMMAND, 'call', service.url, ...line]);
  return { ...service, go, run };
}

const isSkipped = !(await hasTerminals()) && 'python3 with pty is not installed';

t.test('on a terminal a stream is a conversation, and Ctrl-D ends it', { skip: isSkipped }, async (t) => {
  const { run, upstream } = await open(t);
  const terminal = run('Both');
  const call = await upstream.call('/t.S/Both');
  terminal.type('{"text":"one"}\n');
  await terminal.until(/\{\r\n {2}"text": "one"\r\n\}/);
  terminal.type('{"text":"two"}\n');
  await terminal.until(/\{\r\n {2}"text": "two"\r\n\}/);
  t.equal(call.halfClosed, false);
  terminal.type('\x04');
  t.equal(await terminal.exit, 0);
  await call.over;
  t.equal(call.halfClosed, true);
});

t.test('Ctrl-C cancels the call', { skip: isSkipped }, async (t) => {
  const { run, upstream } = await open(t);
  const terminal = run('Down');
  await terminal.until(/begun/);
  terminal.type('\x03');
  t.equal(await terminal.exit, 130);
  const call = await upstream.call('/t.S/Down');
  await call.over;
  t.equal(call.cancelled, true);
});

t.test(
  'a file on its way up or down has a bar on the terminal, and a rate',
  { skip: isSkipped },
  async (t) => {
    const { run, go, upstream, decode } = await open(t);
    const folder = t.testdir();
    const file = join(folder, 'up.bin');
    writeFileSync(file, Buffer.concat([PIECE, PIECE, PIECE, Buffer.from('end')]));
    const up = run('Store', 'name=x', '--upload', file);
    await up.until(/\[-{24}\]|\[#+-*\]/);
    const down = run('Fetch', '--output', join(folder, 'down.bin'));
    await down.until(/down\.bin {2}64\.0 KiB {2}/);
    go();
    t.equal(await up.exit, 0);
    t.equal(await down.exit, 0);
    t.match(up.shown(), /\[#{24}\] 100 % {2}192\.0 KiB of 192\.0 KiB {2}\S+ [KM]?i?B\/s\S+\r\n/);
    t.match(up.shown(), /\r\n\{\r\n {2}"text": "stored"\r\n\}\r\n$/, 'the answer has lines of its own');
    t.match(down.shown(), /down\.bin {2}128\.0 KiB {2}/);
    t.same(readFileSync(join(folder, 'down.bin')), Buffer.concat([PIECE, PIECE]));
    const { received } = await upstream.call('/t.S/Store');
    const pieces = received.map((bytes) => decode('Piece', bytes) as { data: string; name?: string });
    t.same(
      pieces.map(({ name }) => name),
      ['x', undefined, undefined, undefined],
      'fields are in the first message',
    );
    t.same(Buffer.concat(pieces.map(({ data }) => Buffer.from(data, 'base64'))), readFileSync(file));
  },
);
