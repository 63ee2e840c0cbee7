import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import t from 'tap';
import ts from 'typescript';
import { ContractDocuments, type DocumentSecurity } from '../../../gateway/contract/index.js';
import { CLIENT_FRAMES, SERVER_FRAMES } from '../../../gateway/contract/session-frames.js';
import { foreignSchemas } from './foreign-schemas.js';

const require = createRequire(import.meta.url);
const schemas = await foreignSchemas(t);

// biome-ignore lint/suspicious/noExplicitAny: documents are looked into from all sides.
type Document = any;

function asyncApi(name: string, security?: DocumentSecurity): Document {
  const schema = schemas.get(name);
  if (schema === undefined) throw new TypeError(name);
  return JSON.parse(new ContractDocuments(schema, '/api', security).make('asyncapi').toString());
}

/** Of a gateway that knows clients by everything that there is. */
const SECURITY: DocumentSecurity = {
  access: { public: false, scopes: ['a'], roles: ['x'] },
  tokens: true,
  cookie: 'token',
  certificates: true,
};

t.test('the JSON Schema of AsyncAPI takes the documents of every schema', async (t) => {
  const Ajv = require('ajv');
  const specification = structuredClone(require('@asyncapi/specs').schemas['3.0.0']);
  // It brings draft-07 along, which Ajv knows already.
  delete specification.definitions['http://json-schema.org/draft-07/schema'];
  const ajv = new Ajv({ strict: false, validateFormats: false });
  const validate = ajv.compile(specification);
  for (const name of schemas.keys()) {
    t.ok(validate(asyncApi(name)), `${name}: ${JSON.stringify(validate.errors?.slice(0, 3))}`);
    const isTaken = validate(asyncApi(name, SECURITY));
    t.ok(isTaken, `${name}, secured: ${JSON.stringify(validate.errors?.slice(0, 3))}`);
  }
});

t.test(
  'each path at which a method is a WebSocket is a channel, and every reference leads somewhere',
  async (t) => {
    const document = asyncApi('core');
    t.equal(document.servers.gateway.pathname, '/api');
    const addresses = Object.values(document.channels).map((channel: Document) => channel.address);
    t.ok(addresses.includes('/streaming.StreamingService/Chat'));
    t.ok(addresses.includes('/v1/chat/{room_id}'));
    t.ok(addresses.includes('/_sluice/session'));
    const chat = document.operations['streaming.StreamingService.Chat'];
    t.match(chat, {
      action: 'receive',
      reply: { messages: [{}] },
      'x-sluice-method': { kind: 'bidi_stream' },
    });
    for (const name of schemas.keys()) {
      const whole = asyncApi(name);
      for (const [, pointer] of JSON.stringify(whole).matchAll(/"\$ref":"#\/([^"]*)"/g)) {
        let place: Document = whole;
        for (const step of (pointer ?? '').split('/')) place = place?.[decodeURIComponent(step)];
        if (place === undefined) t.fail(`${name}: ${pointer}`);
      }
    }
  },
);

t.test('the frames of the session are those of session.proto', async (t) => {
  for (const [type, frames] of [
    ['ClientFrame', CLIENT_FRAMES],
    ['ServerFrame', SERVER_FRAMES],
  ] as const) {
    const message = schemas.get('session')?.registry.getMessage(`sluice.v1.${type}`);
    const declared = message?.fields.map((field) => [
      field.jsonName,
      field.message?.fields.map(({ jsonName }) => jsonName).sort(),
    ]);
    const described = Object.entries(frames).map(([name, { fields }]) => [name, Object.keys(fields).sort()]);
    t.same(described.sort(), declared?.sort());
  }
});

t.test('the types of every schema compile', async (t) => {
  const folder = t.testdir();
  const files = [...schemas].map(([name, schema]) => {
    const file = join(folder, `${name}.ts`);
    writeFileSync(file, new ContractDocuments(schema, '').make('types'));
    return file;
  });
  const program = ts.createProgram(files, { strict: true, noEmit: true, types: [], lib: ['lib.es5.d.ts'] });
  t.same(
    ts
      .getPreEmitDiagnostics(program)
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' ')),
    [],
  );
});

t.test('each operation says by what a client can be one whom its rule lets in', async (t) => {
  const secured = asyncApi('core', SECURITY);
  const way = (name: string) => ({ $ref: `#/components/securitySchemes/${name}` });
  const operation = secured.operations['streaming.StreamingService.Chat'];
  t.same(operation.security, ['bearer', 'ticket', 'cookie'].map(way), 'a certificate has no scopes');
  t.same(operation['x-sluice-access'], { scopes: ['a'], roles: ['x'] });
  t.same(Object.keys(secured.components.securitySchemes), ['bearer', 'ticket', 'cookie', 'certificate']);
  t.notOk(secured.operations['sluice-session-receive'].security, 'a session opens without one');
  const open = asyncApi('core', { ...SECURITY, access: { public: true, scopes: [], roles: [] } });
  t.notOk(open.operations['streaming.StreamingService.Chat'].security);
  t.notOk(asyncApi('core').components.securitySchemes);
});
