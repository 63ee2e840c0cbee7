import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import t from 'tap';
import { openCore } from '../../../grpc-core/index.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));

function sluice(...line: string[]): Promise<{ code: number; out: string; err: string }> {
  const args = ['--import=./test/support/typescript/register.mjs', 'bin/sluice.ts', ...line];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: root, maxBuffer: 1 << 26 }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });
}

const PROTO = ['--proto', 'proto/streaming.proto', '--proto-path', 'proto'];

t.test(
  'describe and types write the documents of a service, from its reflection and from files',
  async (t) => {
    const folder = t.testdir();
    const core = await openCore({
      listen: '127.0.0.1:0',
      dataDir: join(folder, 'data'),
      log: pino({ level: 'silent' }),
    });
    t.teardown(() => core.close());
    const types = join(folder, 'sluice-types.d.ts');
    const set = join(folder, 'core.binpb');
    const written = await Promise.all([
      sluice('types', '--upstream', core.address, '-o', types),
      sluice('describe', ...PROTO, '--format', 'descriptors', '--output', set),
    ]);
    for (const one of written) t.same(one, { code: 0, out: '', err: '' });
    t.match(readFileSync(types, 'utf8'), /"streaming\.StreamingService\/Chat": \{ kind: "bidi_stream";/);
    const [openapi, asyncapi] = await Promise.all([
      sluice('describe', '--descriptor-set', set, '--base-path', '/api', '--format', 'openapi-3.2'),
      sluice('describe', '--descriptor-set', set, '--format=asyncapi'),
    ]);
    t.match(JSON.parse(openapi.out), { openapi: '3.2.0', servers: [{ url: '/api' }] });
    t.match(JSON.parse(asyncapi.out), { asyncapi: '3.0.0' });
  },
);

t.test('a mistake is one line, and 2 or 1 as everywhere', async (t) => {
  const [format, unknown, gone, folder] = await Promise.all([
    sluice('describe', '--format', 'yaml'),
    sluice('types', '-x', 'file'),
    sluice('types', '--descriptor-set', 'none.binpb'),
    sluice('types', ...PROTO, '-o', '/'),
  ]);
  t.match(format, { code: 2, err: /^sluice describe: --format must be one of openapi.*\n$/ });
  t.match(unknown, { code: 2, err: /^sluice types: unknown option "?-x.*\n$/ });
  t.match(gone, { code: 1, err: /^sluice types: --descriptor-set none\.binpb: .*\n$/ });
  t.match(folder, { code: 1, err: /^sluice types: --output \/: .*\n$/ });
});

t.test(
  'a name is described as text, to the output or a file, and not beside what is about documents',
  async (t) => {
    const file = join(t.testdir(), 'item.txt');
    const [text, written, format, upstream] = await Promise.all([
      sluice('describe', 'StockPrice', ...PROTO),
      sluice('describe', 'StockPrice', ...PROTO, '-o', file),
      sluice('describe', 'StockPrice', ...PROTO, '--format', 'types'),
      sluice('describe', '--grpc', '--upstream', '127.0.0.1:1'),
    ]);
    t.match(text, { code: 0, out: /^message StockPrice \{\n/, err: '' });
    t.same(written, { code: 0, out: '', err: '' });
    t.equal(readFileSync(file, 'utf8'), text.out);
    t.match(format, { code: 2, err: /^sluice describe: --format is for documents/ });
    t.match(upstream, { code: 2, err: /^sluice describe: --upstream is for documents/ });
  },
);
