import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { dataStream } from '../../../clients/node/index.js';

const script = fileURLToPath(new URL('./core-process.ts', import.meta.url));

/** A core in a process of its own; resolves with its address once it listens. */
async function startCore(t: Test, dataDir: string, port: string) {
  const process_ = spawn(process.execPath, [...process.execArgv, script, dataDir, port], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => kill(process_));
  for await (const line of createInterface({ input: process_.stdout }))
    return { process: process_, address: line };
  throw new Error('the core ended before it listened');
}

async function kill(child: ChildProcess) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

t.test(
  'the stream survives a core that is killed and started again: each item once, none missing',
  async (t) => {
    const dataDir = t.testdir();
    let core = await startCore(t, dataDir, '0');
    const { address } = core;
    const port = address.slice(address.lastIndexOf(':') + 1);
    const ids: number[] = [];
    let retries = 0;
    let kills = 0;
    let restarted: Promise<unknown> = Promise.resolve();
    const stream = dataStream({
      address,
      startFromId: 0,
      backoff: { baseMs: 500, maxMs: 4000 },
      random: () => 1,
      onRetry: () => {
        retries += 1;
      },
    });
    // The seed of the store is 1000 items: the first kill is within it, the second within what is written live.
    const killAt = [500, 1500];
    for await (const { id } of stream) {
      ids.push(id);
      if (id === killAt[kills]) {
        kills += 1;
        await restarted;
        await kill(core.process);
        restarted = startCore(t, dataDir, port).then((next) => {
          core = next;
        });
      }
      if (id >= 1600) break;
    }
    await restarted;
    t.equal(kills, 2);
    t.ok(retries >= 2, `${retries} retries`);
    t.same(
      ids,
      Array.from({ length: 1600 }, (_, at) => at + 1),
    );
  },
);
