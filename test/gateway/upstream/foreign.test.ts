import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { quiet } from '../../support/quiet.js';
import { neverAborted, readToEnd, type Subject, texts } from './contract/subject.js';
import { grpcJs, http2 } from './subjects.js';

/** Debian's, which has Debian's python3-grpcio; another may come first in the path and have none. */
const python = ['/usr/bin/python3', 'python3'].find(
  (name) => spawnSync(name, ['-c', 'import grpc'], { stdio: 'ignore' }).status === 0,
);
const skip = python === undefined ? 'there is no python3 with grpcio here' : false;

async function openForeign(t: Test): Promise<string> {
  // Found next to this file, wherever the test runs.
  const child = spawn(python as string, [fileURLToPath(new URL('foreign-service.py', import.meta.url))], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  t.teardown(async () => {
    child.stdin.end();
    if (child.exitCode === null) await once(child, 'exit');
  });
  const [line] = await once(child.stdout, 'data');
  return `127.0.0.1:${Number(String(line))}`;
}

async function suite(t: Test, subject: Subject): Promise<void> {
  const target = await openForeign(t);
  const transport = subject.open({ target });
  t.teardown(() => transport.close());
  const open = (method: string, metadata: [string, string][] = [], deadline?: number) =>
    transport.open(`/test.Foreign/${method}`, {
      metadata,
      signal: neverAborted(),
      ...(deadline !== undefined && { deadline }),
    });
  const ask = async (method: string, request?: string, metadata: [string, string][] = []) => {
    const call = open(method, metadata);
    if (request !== undefined) await call.write([Buffer.from(request)]);
    call.halfClose();
    const { messages } = await readToEnd(call);
    return { headers: await call.headers, messages: texts(messages), status: await call.status };
  };

  t.test('a conversation, with headers and trailers', async (t) => {
    const call = open('echo');
    for (let n = 0; n < 20; n++) {
      await call.write([Buffer.from(`${n}`), Buffer.from('')]);
      const got: string[] = [];
      while (got.length < 2) got.push(...texts((await call.read()) ?? []));
      t.same(got, [`${n}`, '']);
    }
    call.halfClose();
    t.equal(await call.read(), undefined);
    t.same(await call.headers, [
      ['x-head', 'h'],
      ['x-head-bin', 'AP8='],
    ]);
    t.match(await call.status, { code: 0, trailers: [['x-trail', 't']], truncated: false });
  });

  t.test('ten thousand messages in order', async (t) => {
    const { messages, status } = await ask('down', '10000');
    t.same(
      messages,
      Array.from({ length: 10_000 }, (_, n) => `${n} ${'x'.repeat(n % 50)}`),
    );
    t.match(status, { code: 0 });
  });

  t.test('a message as large as allowed, and one larger', async (t) => {
    const limit = 4 * 1024 * 1024;
    t.equal((await ask('large', `${limit}`)).messages[0]?.length, limit);
    t.match((await ask('large', `${limit + 1}`)).status, { code: 8 });
  });

  t.test('a failure after messages, its text in the other encoding', async (t) => {
    const { messages, status } = await ask('fail', '100');
    t.equal(messages.length, 100);
    t.match(status, { code: 9, trailers: [['x-trail', 't']], truncated: false });
    if (subject === http2) t.equal(status.message, 'näh % %23 # ok\n');
    // The library's own decoding leaves what a URL reserves: %23 is the service's #.
    else t.match(status.message, /^näh % %23 (#|%23) ok\n$/);
  });

  t.test('metadata as the service sees it', async (t) => {
    const { messages } = await ask('metadata', undefined, [
      ['x-text', 'a b,c'],
      ['x-raw-bin', 'YWJj'],
      ['x-raw-bin', 'ZGVm'],
    ]);
    t.same(messages.sort(), ['x-raw-bin=abc', 'x-raw-bin=def', 'x-text=a b,c']);
  });

  t.test('compressed messages', async (t) => {
    const { messages, status } = await ask('zipped');
    t.equal(messages.length, 100);
    t.equal(messages[42], `42 ${'z'.repeat(1000)}`);
    t.match(status, { code: 0 });
  });

  t.test('an unknown method, a crash, a deadline, a cancel', async (t) => {
    t.match((await ask('nothing')).status, { code: 12 });
    t.match((await ask('crash')).status, { code: 2 });
    const late = open('silent', [], Date.now() + 200);
    t.equal(await late.read(), undefined);
    t.match(await late.status, { code: 4 });
    const cancelled = open('silent');
    await cancelled.headers;
    cancelled.cancel();
    t.match(await cancelled.status, { code: 1 });
  });

  t.test('a late reader of a large stream gets all of it', async (t) => {
    const call = open('down');
    await call.write([Buffer.from('30000')]);
    call.halfClose();
    await call.headers;
    await quiet(200);
    t.equal((await readToEnd(call)).messages.length, 30_000);
    t.match(await call.status, { code: 0, truncated: false });
  });
}

for (const subject of [grpcJs, http2]) {
  t.test(`${subject.name} and a service in Python understand each other`, { skip }, async (t) =>
    suite(t, subject),
  );
}
