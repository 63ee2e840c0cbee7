import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { status } from '@grpc/grpc-js';
import t, { type Test } from 'tap';
import { CoreError } from '../../../grpc-core/base/errors.js';
import { all, type Files, openFiles } from './files-fixture.js';

const inside = 'inside'.repeat(10_000);
const secret = 'secret'.repeat(10_000);
/** What a caller may be told of a path that keeps changing. */
const refusals: readonly (status | undefined)[] = [status.INVALID_ARGUMENT, status.NOT_FOUND, status.ABORTED];
const skip = process.platform === 'linux' ? false : 'only Linux looks names up in open folders';
const atOnce = 6;
/** Each kind of end must have been seen so often: then the swapping was in the way, and not always. */
const enough = 40;

interface Swap {
  /** Makes what stands at `folder`, and what comes in its place. Both paths are below the data directory. */
  readonly prepare: (files: Files) => Promise<void>;
  /** The path that is swapped, and with what. */
  readonly path: string;
  readonly other: string;
}

/** A link leads in or out; or a folder becomes a link that leads out; or one below it; or a file does; or a file becomes a pipe. */
const swaps: Readonly<Record<string, Swap>> = {
  'the folder': {
    async prepare({ dataDir, outside }) {
      await mkdir(join(dataDir, 'a', 'b'), { recursive: true });
      await writeFile(join(dataDir, 'a', 'b', 'file'), inside);
      await mkdir(join(outside, 'b'));
      await writeFile(join(outside, 'b', 'file'), secret);
      await symlink(outside, join(dataDir, 'other'));
    },
    path: 'a',
    other: 'other',
  },
  'the folder of the file': {
    async prepare({ dataDir, outside }) {
      await mkdir(join(dataDir, 'a', 'b'), { recursive: true });
      await writeFile(join(dataDir, 'a', 'b', 'file'), inside);
      await writeFile(join(outside, 'file'), secret);
      await symlink('../../outside', join(dataDir, 'a', 'other'));
    },
    path: 'a/b',
    other: 'a/other',
  },
  'a link that stays inside': {
    async prepare({ dataDir, outside }) {
      await mkdir(join(dataDir, 'real', 'b'), { recursive: true });
      await writeFile(join(dataDir, 'real', 'b', 'file'), inside);
      await mkdir(join(outside, 'b'));
      await writeFile(join(outside, 'b', 'file'), secret);
      await symlink('real', join(dataDir, 'a'));
      await symlink(outside, join(dataDir, 'other'));
    },
    path: 'a',
    other: 'other',
  },
  'the file itself': {
    async prepare({ dataDir, outside }) {
      await mkdir(join(dataDir, 'a', 'b'), { recursive: true });
      await writeFile(join(dataDir, 'a', 'b', 'file'), inside);
      await writeFile(join(outside, 'file'), secret);
      await symlink(join(outside, 'file'), join(dataDir, 'other'));
    },
    path: 'a/b/file',
    other: 'other',
  },
};

for (const [name, { prepare, path, other }] of Object.entries(swaps)) {
  t.test(
    `nothing leaves or enters while ${name} is swapped for a link that leads out`,
    { skip },
    async (t) => {
      const files = await openFiles(t);
      const { dataDir, outside, upload, download } = files;
      await prepare(files);
      const before = await treeOf(outside);
      await swapping(t, join(dataDir, path), join(dataDir, other));

      const reads = await tries(async () => {
        const chunks = await all(download('a/b/file'));
        const read = Buffer.concat(chunks.map(({ data }) => data ?? Buffer.alloc(0))).toString();
        if (read !== inside && read !== 'new')
          t.fail(`a read gave ${read.length} bytes: ${read.slice(0, 20)}`);
      });
      // Also over what is there, and in folders that are not.
      for (const target of ['a/b/new', 'a/b/file', 'a/b/c/d/new']) {
        const writes = await tries(() => upload([{ data: Buffer.from('new'), file_path: target }]));
        t.ok(writes.done >= enough, `${target}: ${writes.done} stored, ${writes.refused} refused`);
      }
      t.ok(reads.done + reads.refused >= 2 * enough, `${reads.done} read, ${reads.refused} refused`);
      t.strictSame(await treeOf(outside), before, 'what lies outside is as it was');
      t.strictSame(await files.temporary(), []);
    },
  );
}

t.test('a file that is swapped for a pipe is never waited for', { skip }, async (t) => {
  const { dataDir, download, upload } = await openFiles(t);
  await writeFile(join(dataDir, 'file'), inside);
  execFileSync('mkfifo', [join(dataDir, 'other')]);
  await swapping(t, join(dataDir, 'file'), join(dataDir, 'other'));
  const reads = await tries(() => all(download('file')));
  const writes = await tries(() => upload([{ data: Buffer.from('new'), file_path: 'file' }]));
  t.ok(reads.done + reads.refused >= 2 * enough, JSON.stringify(reads));
  t.ok(writes.done + writes.refused >= 2 * enough, JSON.stringify(writes));
});

/** Starts the swapper; resolves when it swaps. */
async function swapping(t: Test, path: string, other: string): Promise<void> {
  const script = fileURLToPath(new URL('./swapper.mjs', import.meta.url));
  const child = spawn(process.execPath, [script, path, other], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  t.teardown(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  await once(child.stdout, 'data');
}

/** Tries again and again, several at a time, until both ends were seen often enough, or for two seconds. */
async function tries(
  attempt: () => Promise<unknown>,
): Promise<{ readonly done: number; readonly refused: number }> {
  let done = 0;
  let refused = 0;
  const endMs = performance.now() + 2000;
  const seen = () => done >= enough && (refused >= enough || performance.now() > endMs);
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (!seen()) {
        try {
          await attempt();
          done += 1;
        } catch (error) {
          if (!(error instanceof CoreError) || !refusals.includes(error.code)) throw error;
          refused += 1;
        }
      }
    }),
  );
  return { done, refused };
}

/** Every file below a folder, with its content. */
async function treeOf(folder: string): Promise<ReadonlyArray<readonly [string, string]>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => !entry.isDirectory());
  const names = files.map((file) => join(file.path, file.name)).sort();
  return await Promise.all(names.map(async (name) => [name, await readFile(name, 'utf8')] as const));
}
