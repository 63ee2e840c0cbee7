import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, dirname, join } from 'node:path';
import type { Test } from 'tap';
import { lockedPackages, ROOT } from '../support/fresh-copy.js';

/** What npm asks of a registry about one version. */
interface Version {
  readonly name: string;
  readonly version: string;
}

/**
 * A registry with the locked packages that are installed here, so that npm can install what needs them without a network. Resolves with its URL;
 * the teardown closes it.
 */
export async function openLocalRegistry(t: Test): Promise<string> {
  const folders = new Map<string, string>();
  const known = new Map<string, Record<string, Version>>();
  for (const path of Object.keys(lockedPackages())) {
    const file = join(ROOT, path, 'package.json');
    if (path === '' || !existsSync(file)) continue;
    const manifest = JSON.parse(readFileSync(file, 'utf8')) as Version;
    known.set(manifest.name, { ...known.get(manifest.name), [manifest.version]: manifest });
    folders.set(`/tarballs/${manifest.name}/${manifest.version}.tgz`, join(ROOT, path));
  }
  let url = '';
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '');
    const folder = folders.get(path);
    if (folder !== undefined) {
      // npm drops the first part of each path, whatever it is.
      const name = basename(folder);
      const tar = spawn('tar', ['-czf', '-', `--exclude=${name}/node_modules`, '-C', dirname(folder), name]);
      tar.stdout.pipe(response);
      return;
    }
    const versions = known.get(path.slice(1));
    if (versions === undefined) {
      response.writeHead(404).end('{}');
      return;
    }
    const listed = Object.values(versions).map((manifest) => [
      manifest.version,
      { ...manifest, dist: { tarball: `${url}/tarballs/${manifest.name}/${manifest.version}.tgz` } },
    ]);
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify({ name: path.slice(1), versions: Object.fromEntries(listed), 'dist-tags': {} }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return url;
}
