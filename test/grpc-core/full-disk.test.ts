import { execFileSync } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import t, { type Test } from 'tap';
import { openCore } from '../../grpc-core/index.js';
import { openEmbeddedStore } from '../../grpc-core/store/index.js';
import { quiet } from '../support/quiet.js';
import { type clientOf, recordingLog, startCore, temporaryFolder, until } from './core-fixture.js';

/** A disk of one core with some MB; undefined where this user may not mount one. */
async function smallDisk(t: Test, kilobytes: number): Promise<string | undefined> {
  const folder = await temporaryFolder(t);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'tmpfs', folder], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  t.teardown(() => execFileSync('umount', ['-l', folder], { stdio: 'ignore' }));
  return folder;
}

async function fill(file: string): Promise<void> {
  await writeFile(file, Buffer.alloc(64 * 1024 * 1024)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOSPC') throw error;
  });
}

type Client = ReturnType<typeof clientOf>;
/** Resolves with the first response, or with the error of the call. */
interface Streaming {
  on(event: string, listener: (value: never) => void): unknown;
  write(request: unknown): unknown;
  cancel(): void;
}

function firstOf(
  call: unknown,
  request?: unknown,
): Promise<{ code: status; details?: string; value?: unknown }> {
  const stream = call as Streaming;
  return new Promise((resolve) => {
    stream.on('error', (error: { code: status; details: string }) => resolve(error));
    stream.on('end', () => resolve({ code: status.OK }));
    stream.on('data', (value: unknown) => {
      resolve({ code: status.OK, value });
      stream.cancel();
    });
    if (request !== undefined) stream.write(request);
  });
}

const text = 'x'.repeat(2000);
/** Everything that writes, with its answer when it is stored. */
const writers: Readonly<Record<string, (client: Client, n: number) => ReturnType<typeof firstOf>>> = {
  chat: (client, n) => firstOf(client.Chat(), { user_id: 'u', room_id: `r${n}`, message: text }),
  // Of a size, so that it does not fit into what is left in some block.
  game: (client, n) =>
    firstOf(client.GameSession(), {
      player_id: `p${n}-${text.slice(0, 90)}`,
      game_id: `g${n}`,
      action_type: 'JOIN',
    }),
  edit: (client, n) =>
    new Promise((resolve) => {
      const call = client.CollaborativeEdit();
      call.on('error', resolve);
      call.on('data', (update) => {
        if (update.content === '') return;
        resolve({ code: status.OK, value: update });
        call.cancel();
      });
      const operation = { operation_type: 'INSERT', position: 0, content: text };
      call.write({ user_id: 'u', document_id: `d${n}`, ...operation });
    }),
  upload: (client) =>
    new Promise((resolve) => {
      const call = client.UploadFile((error, value) => resolve(error ?? { code: status.OK, value }));
      call.end({ data: Buffer.alloc(50_000, 'x'), file_path: 'file' });
    }),
  batch: (client, n) =>
    new Promise((resolve) => {
      const call = client.ProcessBatch((error, value) => resolve(error ?? { code: status.OK, value }));
      call.end({ id: `${n}`, type: 'store', data: Buffer.alloc(50_000, 'x') });
    }),
};

t.test(
  'a full disk is RESOURCE_EXHAUSTED everywhere, reading goes on, and all is well when there is room',
  async (t) => {
    const dataDir = await smallDisk(t, 4096);
    if (dataDir === undefined) {
      t.pass('skipped: no disk may be mounted here');
      return;
    }
    const running = await startCore(t, { dataDir, dataIntervalMs: 20 });
    const { client, lines } = running;
    for (const [name, write] of Object.entries(writers))
      t.match(await write(client, 0), { code: status.OK }, name);
    let n = 1;
    for (let round = 1; round <= 2; round += 1) {
      const ballast = join(dataDir, 'ballast');
      await fill(ballast);
      for (const [name, write] of Object.entries(writers)) {
        // What is left of the last page may still take some.
        let answer = await write(client, n++);
        for (let more = 0; answer.code === status.OK && more < 200; more += 1)
          answer = await write(client, n++);
        t.match(
          answer,
          {
            code: status.RESOURCE_EXHAUSTED,
            details: 'the disk of the core is full: make room, then try again',
          },
          `${name}, round ${round}`,
        );
      }
      await until(() => lines.some(({ msg }) => msg === 'data stream item not stored'));
      t.match(await firstOf(client.GetDataStream({ start_from_id: 5 })), {
        value: { id: 6 },
      });
      t.match(await firstOf(client.StreamLogs({})), { value: { service: 'core' } });
      await rm(ballast);
      for (const [name, write] of Object.entries(writers)) {
        let answer = await write(client, n);
        while (answer.code === status.RESOURCE_EXHAUSTED) answer = await write(client, n);
        t.match(answer, { code: status.OK }, `${name} after round ${round}`);
        n += 1;
      }
    }
    // What was acknowledged is there after the end of the process, too.
    const before = await firstOf(client.Chat(), { user_id: 'v', room_id: 'r0', message: 'again' });
    t.match(before, { value: { event: 'CHAT_EVENT_HISTORY', message: text } });
    await running.core.close();
    const again = await startCore(t, { dataDir });
    const after = await firstOf(again.client.Chat(), { user_id: 'v', room_id: 'r0', message: '' });
    t.match(after, { value: { event: 'CHAT_EVENT_HISTORY', message: text } });
  },
);

t.test('nothing that was acknowledged is lost behind a write that failed', async (t) => {
  const disk = await smallDisk(t, 1024);
  if (disk === undefined) {
    t.pass('skipped: no disk may be mounted here');
    return;
  }
  const directory = join(disk, 'store');
  const store = await openEmbeddedStore({ directory });
  const acknowledged: number[] = [];
  for (let round = 0; round < 3; round += 1) {
    const ballast = join(disk, 'ballast');
    await fill(ballast);
    let failed = false;
    // Several logs at once: one may fail while another is being written.
    while (!failed) {
      const results = await Promise.allSettled(
        ['a', 'b', 'c'].map(
          async (name) => [name, await store.log(name).append(Buffer.alloc(700, name))] as const,
        ),
      );
      failed = results.some(({ status }) => status === 'rejected');
      acknowledged.push(...results.filter(({ status }) => status === 'fulfilled').map(() => 1));
      for (const result of results)
        if (result.status === 'rejected') t.match(result.reason, { code: status.RESOURCE_EXHAUSTED });
    }
    await rm(ballast);
    for (let done = 0; done < 20; ) {
      try {
        await store.log('a').append(Buffer.alloc(700, 'a'));
        acknowledged.push(1);
        done += 1;
      } catch (error) {
        t.match(error, { code: status.RESOURCE_EXHAUSTED });
        await quiet(20);
      }
    }
  }
  const counts = async (opened: typeof store) => {
    let sum = 0;
    for (const name of ['a', 'b', 'c']) {
      const records = await opened.log(name).read(0, 10_000);
      t.equal(records.length, await opened.log(name).last());
      sum += records.length;
    }
    return sum;
  };
  const live = await counts(store);
  t.ok(live >= acknowledged.length, `${acknowledged.length} acknowledged, ${live} there`);
  await store.close();
  const again = await openEmbeddedStore({ directory });
  t.teardown(() => again.close());
  t.equal(await counts(again), live, 'the same after a start');
});

t.test('a core does not start on a full disk, and says why', async (t) => {
  const disk = await smallDisk(t, 256);
  if (disk === undefined) {
    t.pass('skipped: no disk may be mounted here');
    return;
  }
  await mkdir(join(disk, '.sluice', 'store'), { recursive: true });
  await fill(join(disk, 'ballast'));
  const { log } = recordingLog();
  await t.rejects(openCore({ listen: '127.0.0.1:0', dataDir: disk, log }), {
    message: /^[^\n]*the disk of the core is full[^\n]*$/,
  });
});
