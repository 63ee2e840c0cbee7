import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import t, { type Test } from 'tap';
import { dataStream } from '../../../clients/node/index.js';
import { ownPort } from '../../support/own-port.js';
import { transpile } from '../transpiled.js';

/** A core in a process of its own; resolves with its address once it listens. */
async function startCore(t: Test, built: string, port: number) {
  const script = join(built, 'test/clients/node/core-process.js');
  const process_ = spawn(process.execPath, [script, join(built, 'data'), String(port)], {
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
    // JavaScript starts in a fraction of the time, and a core that is started again must not keep the test waiting.
    const built = t.testdir();
    transpile('grpc-core', built);
    transpile('test/clients/node', built);
    const port = await ownPort();
    let core = await startCore(t, built, port);
    const { address } = core;
    const ids: number[] = [];
    let retries = 0;
    let kills = 0;
    let restarted: Promise<unknown> = Promise.resolve();
    const stream = dataStream({
      address,
      startFromId: 0,
      // Patient, because a busy machine may take long to start a process.
      backoff: { baseMs: 300, maxMs: 1000 },
      maxRetries: 60,
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
        restarted = startCore(t, built, port).then((next) => {
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
