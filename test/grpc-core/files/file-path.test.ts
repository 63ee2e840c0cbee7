import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, link, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import t from 'tap';
import { FileRoot } from '../../../grpc-core/files/index.js';
import { temporaryFolder } from '../core-fixture.js';
import { all, openFiles } from './files-fixture.js';

/** Paths that no file may have, whatever lies on the disk. */
const badPaths: ReadonlyArray<readonly [name: string, path: string]> = [
  ['nothing', ''],
  ['the folder itself', '.'],
  ['the folder above', '..'],
  ['a way up', '../outside/secret'],
  ['a way up behind a folder', 'folder/../../outside/secret'],
  ['a way up and back', 'folder/../hello.txt'],
  ['a dot', './hello.txt'],
  ['an absolute path', '/etc/passwd'],
  ['two slashes', 'folder//x'],
  ['a slash at the end', 'hello.txt/'],
  ['a backslash', '..\\outside\\secret'],
  ['a drive', 'C:\\x'],
  ['NUL', 'hello.txt\0.png'],
  ['the core’s own folder', '.sluice'],
  ['a file of the core', '.sluice/store/CURRENT'],
  ['a file of the core in capitals', '.SLUICE/store/CURRENT'],
  ['a name that is too long', 'x'.repeat(256)],
  ['a path that is too long', `${'x/'.repeat(600)}x`],
  ['a folder', 'folder'],
  ['a link that leaves', 'link-out'],
  ['a link to a folder that leaves', 'links/out/secret'],
  ['a chain of links that leaves', 'link-chain'],
  ['a link to the core’s own folder', 'link-own/store'],
  ['a pipe', 'pipe'],
  ['a socket', 'socket'],
  ['a link to a device', 'link-device'],
  ['a link to the data directory', 'link-root'],
  ['a link up and through its own folder', 'link-up-own'],
  ['a link that names a folder beside with the same beginning', 'link-beside'],
];

/** Looked up in open folders, as on Linux, and by path, as elsewhere. */
const ways = process.platform === 'linux' ? [true, false] : [false];

for (const anchored of ways)
  for (const [name, path] of badPaths) {
    t.test(`neither download nor upload takes ${name}${anchored ? '' : ', by path'}`, async (t) => {
      const { dataDir, outside, download, upload, temporary } = await openFiles(t, { anchored });
      await writeFile(join(outside, 'secret'), 'secret');
      await writeFile(join(dataDir, 'hello.txt'), 'hello');
      await mkdir(join(dataDir, 'folder'));
      await mkdir(join(dataDir, 'links'));
      await mkdir(join(dataDir, '.sluice', 'store'));
      await writeFile(join(dataDir, '.sluice', 'store', 'CURRENT'), 'state');
      await symlink(join(outside, 'secret'), join(dataDir, 'link-out'));
      await symlink(outside, join(dataDir, 'links', 'out'));
      await symlink('link-out', join(dataDir, 'link-chain'));
      await symlink('.sluice', join(dataDir, 'link-own'));
      await symlink('/dev/zero', join(dataDir, 'link-device'));
      await symlink('.', join(dataDir, 'link-root'));
      await symlink('folder/../.sluice/store/CURRENT', join(dataDir, 'link-up-own'));
      await mkdir(`${dataDir}-beside`);
      await writeFile(`${dataDir}-beside/secret`, 'secret');
      await symlink(`${dataDir}-beside/secret`, join(dataDir, 'link-beside'));
      execFileSync('mkfifo', [join(dataDir, 'pipe')]);
      const server = createServer().listen(join(dataDir, 'socket'));
      await once(server, 'listening');
      t.teardown(() => server.close());
      const refused = { name: 'CoreError', code: status.INVALID_ARGUMENT };

      await t.rejects(all(download(path)), { ...refused, message: /^file_path: / });
      if (path !== '') {
        await t.rejects(upload([{ data: Buffer.from('evil'), file_path: path }]), {
          ...refused,
          message: /^file_path: /,
        });
      }
      t.equal(await readFile(join(outside, 'secret'), 'utf8'), 'secret');
      t.strictSame(await readdir(outside), ['secret']);
      t.equal(await readFile(join(dataDir, '.sluice', 'store', 'CURRENT'), 'utf8'), 'state');
      t.strictSame(await temporary(), []);
    });
  }

t.test('percent signs are only characters', async (t) => {
  const { dataDir, download, upload } = await openFiles(t);
  for (const path of [
    '%2e%2e/secret',
    '..%2fsecret',
    '%00',
    'a b?c#d',
    '...',
    '~',
    '-rf',
    'ä/日本',
    '__proto__',
  ]) {
    await upload([{ data: Buffer.from(path), file_path: path }]);
    const chunks = await all(download(path));
    t.equal(chunks[0]?.data?.toString(), path);
  }
  t.ok((await readdir(dataDir)).includes('%2e%2e'));
});

for (const anchored of ways)
  t.test(`links that stay inside are followed for reading${anchored ? '' : ', by path'}`, async (t) => {
    const { dataDir, download, upload } = await openFiles(t, { anchored });
    await mkdir(join(dataDir, 'real'));
    await writeFile(join(dataDir, 'real', 'file'), 'inside');
    await symlink(join(dataDir, 'real', 'file'), join(dataDir, 'link'));
    await symlink('real', join(dataDir, 'folder-link'));
    await link(join(dataDir, 'real', 'file'), join(dataDir, 'hard'));
    await mkdir(join(dataDir, 'deep', 'er'), { recursive: true });
    await symlink('../../folder-link', join(dataDir, 'deep', 'er', 'up'));
    await symlink('deep/er/up/file', join(dataDir, 'through'));
    for (const path of ['link', 'folder-link/file', 'hard', 'deep/er/up/file', 'through']) {
      t.equal((await all(download(path)))[0]?.data?.toString(), 'inside');
    }
    await upload([{ data: Buffer.from('new'), file_path: 'folder-link/new' }]);
    t.equal(await readFile(join(dataDir, 'real', 'new'), 'utf8'), 'new');
    await t.rejects(
      upload([{ file_path: 'link' }]),
      { code: status.INVALID_ARGUMENT },
      'a link is not replaced',
    );
  });

t.test('links that lead in a circle end', async (t) => {
  const { dataDir, download, upload } = await openFiles(t);
  await symlink('b', join(dataDir, 'a'));
  await symlink('a', join(dataDir, 'b'));
  const ended = { code: status.INVALID_ARGUMENT, message: 'file_path: leads through more than 40 links' };
  for (const path of ['a', 'a/x']) await t.rejects(all(download(path)), ended);
  await t.rejects(upload([{ file_path: 'a/x' }]), ended);
});

t.test('a folder that may be passed through need not be one that may be listed', async (t) => {
  const { dataDir, download } = await openFiles(t);
  await mkdir(join(dataDir, 'closed'));
  await writeFile(join(dataDir, 'closed', 'file'), 'inside');
  await chmod(join(dataDir, 'closed'), 0o100);
  t.equal((await all(download('closed/file')))[0]?.data?.toString(), 'inside');
});

t.test('an absolute link may name the data directory as it was given', async (t) => {
  const base = await temporaryFolder(t);
  await mkdir(join(base, 'real'));
  await symlink('real', join(base, 'given'));
  await writeFile(join(base, 'real', 'file'), 'inside');
  await symlink(join(base, 'given', 'file'), join(base, 'real', 'link'));
  const root = await FileRoot.at(join(base, 'given'));
  t.teardown(() => root.close());
  const file = await root.open('link');
  t.equal(await file.readFile('utf8'), 'inside');
  await file.close();
});

t.test('what is not there is NOT_FOUND', async (t) => {
  const { dataDir, download, upload } = await openFiles(t);
  await writeFile(join(dataDir, 'file'), '');
  await symlink('gone', join(dataDir, 'broken'));
  for (const path of ['nothing', 'no/such/folder', 'file/below', 'broken']) {
    await t.rejects(all(download(path)), {
      code: status.NOT_FOUND,
      message: 'file_path: there is no such file',
    });
  }
  const refused = { code: status.INVALID_ARGUMENT, message: /^file_path: / };
  await t.rejects(upload([{ file_path: 'file/below' }]), refused);
  await t.rejects(upload([{ file_path: 'broken/below' }]), refused);
});
