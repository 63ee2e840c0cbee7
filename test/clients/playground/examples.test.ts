import { pino } from 'pino';
import t from 'tap';
import { problemsOf } from '../../../clients/playground/json/request-check.js';
import { schemaFromDescriptors } from '../../../clients/playground/schema/page-schema.js';
import { servicesFromJson } from '../../../clients/playground/schema/services.js';
import { openGateway, schemaFromProtoFiles } from '../../../gateway/index.js';
import { openCore } from '../../../grpc-core/index.js';
import { closeInTeardown } from '../../support/given-back.js';

const log = pino({ level: 'silent' });

t.test(
  'the example of every method of the core is taken by the page, and answered by the core',
  async (t) => {
    const core = await openCore({ listen: '127.0.0.1:0', dataDir: t.testdir(), dataIntervalMs: 20, log });
    t.teardown(() => core.close());
    const gateway = await openGateway({
      upstream: core.address,
      listen: '127.0.0.1:0',
      adminListen: '127.0.0.1:0',
      graceMs: 100,
      schema: await schemaFromProtoFiles(['proto/streaming.proto'], ['proto']),
      log,
    });
    closeInTeardown(t, gateway);
    const get = (path: string) => fetch(`${gateway.url}${path}`);
    const schema = schemaFromDescriptors(
      new Uint8Array(await (await get('/_sluice/descriptors.binpb')).arrayBuffer()),
    );
    const methods = servicesFromJson(await (await get('/_sluice/services')).json()).flatMap(
      (one) => one.methods,
    );
    t.equal(methods.length, 13);
    for (const { name, path, kind, example } of methods) {
      const types = schema.typesOf(path);
      if (types === undefined) return t.fail(`no types of ${path}`);
      t.same(problemsOf(types.input, example, schema.message), [], name);
      const sends = kind === 'client_stream' || kind === 'bidi_stream';
      const answers = kind === 'server_stream' || kind === 'bidi_stream';
      const leave = new AbortController();
      const response = await fetch(`${gateway.url}${path}`, {
        method: 'POST',
        headers: {
          'content-type': sends ? 'application/x-ndjson' : 'application/json',
          accept: answers ? 'application/x-ndjson' : 'application/json',
        },
        body: JSON.stringify(example),
        signal: leave.signal,
      });
      t.equal(response.status, 200, name);
      const first = await response.body?.getReader().read();
      t.notMatch(Buffer.from(first?.value ?? []).toString(), /^$|^\{"error"/, name);
      leave.abort();
    }
  },
);
