import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { descriptorSetFromSchema } from '../../../gateway/schema/index.js';
import { openOwnService } from '../../support/own-service.js';
import { callLine, startCallLine } from '../../support/sluice-call.js';

const PROTO = `
  message Item { int64 id = 1; string text = 2; }
  message Ask { int64 after = 1; string text = 2; }
  service S {
    rpc Own(Ask) returns (stream Item) { option (sluice.v1.stream) = { cursor: "id" resume: "after" }; }
    rpc Recorded(Ask) returns (stream Item) { option (sluice.v1.recording) = { max_messages: 4 }; }
    rpc RecordedOne(Ask) returns (Item) { option (sluice.v1.recording) = {}; }
    rpc RecordedUp(stream Ask) returns (Item) { option (sluice.v1.recording) = {}; }
    rpc RecordedFails(Ask) returns (stream Item) { option (sluice.v1.recording) = {}; }
    rpc Plain(Ask) returns (stream Item);
  }`;

async function open(t: Test) {
  let go = () => {};
  const going = new Promise<void>((resolve) => {
    go = resolve;
  });
  const service = await openOwnService(t, PROTO, (encode) => {
    const item = (id: number) => encode('Item', { id: String(id) });
    return {
      Own: [{ in: 'end' }, { out: item(8) }, { out: item(9) }, { status: 'ABORTED', message: 'enough' }],
      Recorded: [
        { in: 'end' },
        ...[1, 2, 3].map((id) => ({ out: item(id) })),
        { wait: going },
        ...[4, 5, 6].map((id) => ({ out: item(id) })),
      ],
      RecordedOne: [{ in: 'end' }, { wait: going }, { out: item(7) }],
      RecordedUp: [{ in: 'end' }, { wait: going }, { out: item(7) }],
      RecordedFails: [{ in: 'end' }, { out: item(1) }, { status: 'NOT_FOUND', message: 'no more' }],
      Plain: [{ in: 'end' }, { out: item(1) }, { wait: going }],
    };
  });
  const folder = mkdtempSync(join(tmpdir(), 'sluice-resume-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const set = join(folder, 'set.binpb');
  writeFileSync(set, descriptorSetFromSchema(service.schema));
  return {
    ...service,
    go,
    line: ['--address', service.url],
    direct: ['--grpc', '--address', service.upstream.target, '--descriptor-set', set],
  };
}

const items = (...ids: number[]) => ids.map((id) => `{"id":"${id}"}\n`).join('');

t.test(
  '--resume sets the field of the method, and an end that is no success says how to go on',
  async (t) => {
    const { line, direct, upstream, decode } = await open(t);
    for (const [index, address] of [line, direct].entries()) {
      const ended = await callLine(t, [...address, 'Own', '--resume', '7', '-d', '{"after":"3","text":"x"}']);
      t.equal(ended.code, 74);
      t.equal(ended.out, items(8, 9));
      t.equal(ended.errors, "sluice call: ABORTED: enough\nsluice call: go on with --resume '9'\n");
      const { received } = await upstream.call('/t.S/Own', index);
      t.same(decode('Ask', received[0]), { after: '7', text: 'x' });
    }
    const zero = await callLine(t, [...direct, 'Own', '--resume', '0', '-d', '{"after":"3"}']);
    t.equal(zero.code, 74);
    t.same(decode('Ask', (await upstream.call('/t.S/Own', 2)).received[0]), {}, 'zero wins as well');
    t.match(await callLine(t, [...direct, 'Plain', '--resume', '1']), {
      code: 2,
      errors: /^--resume: t\.S\/Plain has no \(sluice\.v1\.stream\) rule/,
    });
    t.match(await callLine(t, [...direct, 'Own', '--resume', 'x']), { code: 2, errors: /^--resume: / });
  },
);

t.test('a recorded call is found again by the id of its last message, and tells a gap', async (t) => {
  const { line, go } = await open(t);
  const first = await startCallLine(t, [...line, 'Recorded']);
  await first.until(items(1, 2, 3));
  first.interrupt();
  const { errors } = await first.ended;
  const [, epoch] = /^sluice call: go on with --resume '~([\w-]+)\.3'\n$/.exec(errors) ?? [];
  t.type(epoch, 'string', errors);
  const second = await startCallLine(t, [...line, 'Recorded', '--resume', `~${epoch}.3`]);
  go();
  t.same(await second.ended, { code: 0, out: items(4, 5, 6), errors: '' });
  const late = await callLine(t, [...line, 'Recorded', '--resume', `~${epoch}.1`]);
  t.equal(late.out, items(3, 4, 5, 6), 'the last four are kept');
  t.equal(
    late.errors,
    `sluice call: gap: messages between ~${epoch}.1 and ~${epoch}.2 are not there any more\n`,
  );
});

t.test('a call goes on without its client, and is joined, resumed and stopped', async (t) => {
  const { line, url, go, upstream } = await open(t);
  const detached = await callLine(t, [...line, 'Recorded', '--detach', 'text=x', '-H', 'x-a: 1']);
  t.match(detached, { code: 0, errors: '' });
  const location = detached.out.trim();
  t.ok(location.startsWith(`${url}/_sluice/calls/`), location);
  t.ok(
    (await upstream.call('/t.S/Recorded')).metadata.some(([name, value]) => name === 'x-a' && value === '1'),
  );
  const joined = await startCallLine(t, ['--join', location]);
  await joined.until(items(1, 2, 3));
  joined.interrupt();
  t.equal((await joined.ended).code, 65, 'it is only left');
  const again = await startCallLine(t, [
    ...line,
    '--join',
    location.slice(url.length),
    '--resume',
    '~earliest',
  ]);
  await again.until(items(1, 2, 3));
  go();
  t.same(await again.ended, { code: 0, out: items(1, 2, 3, 4, 5, 6), errors: '' });
  const slow = await callLine(t, [...line, '--join', location, '--slow', '100/s', '--format', 'pretty']);
  t.equal(slow.out, '{\n  "id": "3"\n}\n{\n  "id": "4"\n}\n{\n  "id": "5"\n}\n{\n  "id": "6"\n}\n');
});

t.test('a detached call is stopped, and what is no call is told', async (t) => {
  const { line } = await open(t);
  const location = (await callLine(t, [...line, 'Recorded', '--detach'])).out.trim();
  t.same(await callLine(t, ['--stop', location]), { code: 0, out: '', errors: '' });
  const stopped = await callLine(t, ['--join', location]);
  t.equal(stopped.code, 65);
  t.match(stopped.errors, /^sluice call: CANCELLED: /);
  const failed = (await callLine(t, [...line, 'RecordedFails', '--detach'])).out.trim();
  t.match(await callLine(t, ['--join', failed]), {
    code: 69,
    out: items(1),
    errors: /^sluice call: NOT_FOUND: no more\n/,
  });
  t.match(await callLine(t, [...line, '--join', 'nothing-here']), {
    code: 69,
    errors: /NOT_FOUND: .*\[of the gateway: CALL_NOT_FOUND\]/,
  });
  t.match(await callLine(t, [...line, '--join', 'a b']), {
    code: 2,
    errors: /is not the location of a call/,
  });
  t.match(await callLine(t, [...line, 'Plain', '--detach']), {
    code: 2,
    errors: /^--detach: the gateway does not record t\.S\/Plain/,
  });
});

t.test('calls of one answer are detached and joined as well', async (t) => {
  const { line, go, upstream, decode } = await open(t);
  const one = (await callLine(t, [...line, 'RecordedOne', '--detach', '-d', '{"text":"a"}'])).out.trim();
  const up = (
    await callLine(t, [...line, 'RecordedUp', '--detach'], { input: '{"text":"a"}\n{"text":"b"}\n' })
  ).out.trim();
  go();
  for (const location of [one, up])
    t.same(await callLine(t, ['--join', location]), { code: 0, out: items(7), errors: '' });
  const { received } = await upstream.call('/t.S/RecordedUp');
  t.same(
    received.map((bytes) => decode('Ask', bytes)),
    [{ text: 'a' }, { text: 'b' }],
  );
});
