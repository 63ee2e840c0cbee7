import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { pino } from 'pino';
import t from 'tap';
import { readMetadataPairs } from '../../bin/metadata-pairs.js';
import { openGateway } from '../../gateway/index.js';
import { answerFromFiles, startReflection } from '../gateway/schema/load/reflection-server.js';
import { closeInTeardown } from '../support/given-back.js';
import { httpJson } from '../support/http.js';

const SOURCE = '--reflection-metadata';
const read = (_flag: string, file: string) => readFile(file);

t.test('metadata for reflection is written in either way, or in a file', async (t) => {
  const file = join(t.testdir(), 'secrets');
  writeFileSync(file, '# for the catalogue\n\nauthorization: Bearer a=b:c\r\n  x-key = 1,2 \n');
  t.same(
    await readMetadataPairs(SOURCE, ['X-Tenant=acme', 'authorization: Basic eA==', 'a-bin=AQI='], read),
    [
      ['x-tenant', 'acme'],
      ['authorization', 'Basic eA=='],
      ['a-bin', 'AQI='],
    ],
  );
  t.same(await readMetadataPairs(SOURCE, [`@${file}`], read), [
    ['authorization', 'Bearer a=b:c'],
    ['x-key', '1,2'],
  ]);
  t.same(await readMetadataPairs(SOURCE, [], read), []);
  for (const wrong of ['a', '=b', ':b', 'host=x', 'a=\u00e9', 'content-type: x', ':path=/', 'a-bin=%%%']) {
    await t.rejects(
      readMetadataPairs(SOURCE, [wrong], read),
      { name: 'SettingsError', message: /^--reflection-metadata: / },
      wrong,
    );
  }
  writeFileSync(file, 'ok=1\nauthorization=geheim\u00e9\n');
  const error: unknown = await readMetadataPairs(SOURCE, [`@${file}`], read).catch(
    (reason: unknown) => reason,
  );
  t.match(error, { message: /line 2: metadata "authorization" must be printable ASCII/ });
  t.notMatch(String(error), /geheim/, 'the value is not shown');
  writeFileSync(file, 'x=1\n'.repeat(20_000));
  await t.rejects(readMetadataPairs(SOURCE, [`@${file}`], read), { message: /longer than 65536 bytes/ });
});

t.test('it goes with reflection calls, and with no others', async (t) => {
  const file = create(FileDescriptorProtoSchema, {
    name: 'a.proto',
    package: 'a',
    messageType: [{ name: 'M' }],
    service: [{ name: 'S', method: [{ name: 'Do', inputType: '.a.M', outputType: '.a.M' }] }],
  });
  const answer = answerFromFiles([file]);
  for (const transport of ['http2', 'grpc-js'] as const) {
    const { port } = await startReflection(t, {
      versions: ['v1'],
      answer(request, stream) {
        if (stream.metadata.get('authorization')[0] === 'Bearer x') return answer(request);
        stream.emit('error', { code: 16, details: 'who are you' });
        return undefined;
      },
    });
    const open = async (reflectionMetadata: [string, string][]) => {
      const gateway = await openGateway({
        upstream: `127.0.0.1:${port}`,
        transport,
        listen: '127.0.0.1:0',
        adminListen: '127.0.0.1:0',
        reflectionMetadata,
        log: pino({ level: 'silent' }),
      });
      closeInTeardown(t, gateway);
      return await httpJson(`${gateway.url}/_sluice/services`);
    };
    t.match(
      await open([['authorization', 'Bearer x']]),
      { status: 200, json: { services: [{ name: 'a.S' }] } },
      transport,
    );
    t.match(await open([]), { status: 503, json: { error: { message: /who are you/ } } }, transport);
  }
});
