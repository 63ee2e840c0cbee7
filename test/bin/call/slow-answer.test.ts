import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { descriptorSetFromSchema } from '../../../gateway/schema/index.js';
import { openOwnService } from '../../support/own-service.js';
import { COMMAND } from '../../support/process.js';
import type { ScriptedCall } from '../../support/scripted-upstream.js';
import { callLine, startCallLine } from '../../support/sluice-call.js';

const TOTAL = 8_000;
const TEXT = 'x'.repeat(1_000);

const PROTO = `
  message Item { string text = 1; }
  service S { rpc Down(Item) returns (stream Item); rpc Up(stream Item) returns (Item); }`;

async function open(t: Test) {
  let go = () => {};
  const going = new Promise<void>((resolve) => {
    go = resolve;
  });
  const service = await openOwnService(t, PROTO, (encode) => ({
    Down: [{ in: 'end' }, { out: encode('Item', { text: TEXT }), times: TOTAL }],
    Up: [{ in: 1 }, { wait: going }, { in: 'end' }, { out: encode('Item', {}) }],
  }));
  const folder = mkdtempSync(join(tmpdir(), 'sluice-slow-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const set = join(folder, 'set.binpb');
  writeFileSync(set, descriptorSetFromSchema(service.schema));
  const ways = [
    ['gateway', ['--address', service.url]],
    ['grpc', ['--grpc', '--address', service.upstream.target, '--descriptor-set', set]],
  ] as const;
  return { ...service, go, ways };
}

/** How many messages the service has written once it writes no more. */
async function writtenAtRest(call: ScriptedCall): Promise<number> {
  for (let before = -1; ; ) {
    const { accepted } = call;
    if (accepted > 0 && accepted === before) return accepted;
    before = accepted;
    await delay(300);
  }
}

t.test('a reader that stops stops the service, and one that goes on gets everything', async (t) => {
  const { ways, upstream } = await open(t);
  for (const [index, [way, address]] of ways.entries()) {
    let take = () => {};
    let bytes = 0;
    let isStopped = true;
    const output = new Writable({
      write(chunk: Buffer, _encoding, done) {
        bytes += chunk.length;
        if (isStopped) take = done;
        else done();
      },
    });
    const running = await startCallLine(t, [...address, 'Down'], { input: '', output });
    const call = await upstream.call('/t.S/Down', index);
    const written = await writtenAtRest(call);
    t.ok(written < TOTAL / 2, `${way}: ${written} of ${TOTAL} messages are written while nothing reads`);
    isStopped = false;
    take();
    t.equal((await running.ended).code, 0, way);
    t.equal(bytes, TOTAL * JSON.stringify({ text: TEXT }).length + TOTAL, `${way}: all of it`);
    t.equal(call.accepted, TOTAL, way);
  }
});

t.test('a pipe that nothing reads stops the service of a real command', async (t) => {
  const { ways, upstream } = await open(t);
  const [[, address]] = ways;
  const child = spawn(process.execPath, [COMMAND, 'call', ...address, 'Down'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  // Nothing listens for data, so the pipe fills up.
  const call = await upstream.call('/t.S/Down');
  const written = await writtenAtRest(call);
  t.ok(written < TOTAL / 2, `${written} of ${TOTAL}`);
  const ended = once(child, 'exit');
  child.stdout.destroy();
  t.same(await ended, [0, null], 'a pipe that is closed ends the call quietly');
  await call.over;
  t.equal(call.cancelled, true);
});

t.test('--slow takes messages at a pace, and the service waits', async (t) => {
  const { ways, upstream } = await open(t);
  for (const [index, [way, address]] of ways.entries()) {
    const running = await startCallLine(t, [...address, 'Down', '--slow', '20/s']);
    const call = await upstream.call('/t.S/Down', index);
    await running.until('"}\n{"text":');
    const written = await writtenAtRest(call);
    const printed = running.out().split('\n').length;
    t.ok(written < TOTAL / 4, `${way}: ${written} written, ${printed} printed`);
    running.interrupt();
    t.equal((await running.ended).code, 65, way);
  }
});

t.test('a service that takes no messages stops what is sent', async (t) => {
  const { ways, upstream, go } = await open(t);
  const line = `${JSON.stringify({ text: TEXT })}\n`;
  let read = 0;
  async function* input() {
    for (; read < TOTAL; read += 1) yield Buffer.from(line);
  }
  const [[, address]] = ways;
  const running = await startCallLine(t, [...address, 'Up'], { source: input() });
  const call = await upstream.call('/t.S/Up');
  for (let before = -1; read === 0 || read !== before; ) {
    before = read;
    await delay(300);
  }
  t.ok(read < TOTAL / 2, `${read} of ${TOTAL} lines are read`);
  go();
  t.equal((await running.ended).code, 0);
  t.equal(call.received.length, TOTAL);
});

t.test('a pace of zero, of words and of other units is refused', async (t) => {
  for (const pace of ['0/s', 'x', '1', '1/h', '-1/s', '1e3/s'])
    t.match(
      await callLine(t, ['Down', '--slow', pace]),
      { code: 2, errors: /^--slow: write it like 2\/s/ },
      pace,
    );
});
