import t from 'tap';
import { toldChecksum } from '../../../clients/playground/files/checksum.js';
import { downloadAddress } from '../../../clients/playground/files/file-address.js';
import { progressText } from '../../../clients/playground/files/transfer-rate.js';
import type { MethodEntry } from '../../../clients/playground/schema/services.js';

const method = (...http: string[]): MethodEntry => ({
  path: '/a.B/C',
  name: 'C',
  kind: 'server_stream',
  comment: '',
  http,
  safe: true,
  file: true,
  upload: undefined,
  resumable: false,
  recorded: false,
  example: {},
});

t.test('a download is asked for at its path, with the fields that are not in it behind it', (t) => {
  const files = method('POST /v1/files', 'GET /v1/files/{file_path=**}');
  t.same(
    downloadAddress(files, { filePath: 'a b/c#d.txt', chunkSize: 7, tags: ['x', 'y'], more: { z: 1 } }),
    {
      httpMethod: 'GET',
      path: '/v1/files/a%20b/c%23d.txt?chunkSize=7&tags=x&tags=y',
      body: undefined,
    },
  );
  t.same(downloadAddress(files, { file_path: '../x' }).path, '/v1/files/../x');
  t.throws(() => downloadAddress(files, {}), { message: /the field filePath is in the path/ });
  t.same(downloadAddress(method('GET /v1/{name}/x'), { name: 'a/b' }).path, '/v1/a%2Fb/x');
  t.same(downloadAddress(method(), { name: 'a' }), {
    httpMethod: 'POST',
    path: '/a.B/C',
    body: '{"name":"a"}',
  });
  t.end();
});

t.test('what is told of a transfer', (t) => {
  t.equal(progressText(1_500, undefined, 100), '1.5 kB');
  t.equal(progressText(500_000, 2_000_000, 1_000), '500.0 kB of 2.0 MB · 500.0 kB a second · 3 s left');
  t.equal(progressText(0, 0, 1_000), '0 bytes of 0 bytes');
  t.equal(toldChecksum({ a: 1, checksum: 'ab'.repeat(32) }), 'ab'.repeat(32));
  t.equal(toldChecksum('ab'.repeat(32)), undefined);
  t.end();
});
