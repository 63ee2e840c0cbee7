import { createRequire } from 'node:module';
import t from 'tap';
import { ContractDocuments } from '../../../gateway/contract/index.js';
import { bytes, openForeign } from '../../support/foreign.js';
import { http } from '../../support/http.js';

const require = createRequire(import.meta.url);

interface Content {
  readonly schema?: object;
}
interface Answered {
  readonly content?: Readonly<Record<string, Content>>;
  readonly headers?: Readonly<Record<string, object>>;
}
interface Operation {
  readonly requestBody?: { readonly content: Readonly<Record<string, Content>> };
  readonly responses: Readonly<Record<string, Answered>>;
}

/** What is sent as each type; a file has any. */
const BODIES: Readonly<Record<string, string>> = {
  'application/json': '{}',
  'application/merge-patch+json': '{}',
  'application/octet-stream': 'of a file',
  '*/*': 'of a file',
};

const LINES = ['{}', '"YQ=="'];

/** google.api.HttpBody: what it is, and its bytes. */
const HTTP_BODY = Buffer.from('\x0a\x0atext/plain\x12\x03abc', 'latin1');
const ESCAPED: Readonly<Record<string, string>> = { '~': '~0', '/': '~1' };

t.test(
  'every path of the document, rules and files too, takes and gives what it says, with its headers',
  async (t) => {
    const item = await bytes({
      text: 'x',
      number: 5,
      child: { text: 'y' },
      big: '7',
      at: '2026-01-02T03:04:05Z',
    });
    const piece = await bytes({ content: Buffer.from('of a file').toString('base64') }, 'Piece');
    let isFailing = false;
    const script = (outs: readonly Uint8Array[]) => () =>
      isFailing
        ? [{ status: 'NOT_FOUND' as const, message: 'none' }]
        : [{ in: 'end' as const }, ...outs.map((out) => ({ out }))];
    const { url, schema } = await openForeign(t, {
      Ask: script([item]),
      Down: script([item, item]),
      Numbered: script([item, item]),
      Up: script([item]),
      Both: script([item, item]),
      Fetch: script([piece, piece]),
      Store: script([item]),
      Plain: script([piece, piece]),
      Body: script([HTTP_BODY]),
    });
    const document = JSON.parse(new ContractDocuments(schema, '').make('openapi-3.1').toString());
    const Ajv = require('ajv/dist/2020');
    const ajv = new Ajv({ strict: false, validateFormats: false });
    ajv.addSchema(document, 'doc');
    const pointer = (...names: string[]) =>
      names
        .map((name) => `/${encodeURIComponent(name.replace(/[~/]/g, (char) => ESCAPED[char] as string))}`)
        .join('');
    const isValid = (where: string, value: unknown, label: string) => {
      const validate = ajv.getSchema(`doc#${where}`);
      t.ok(validate?.(value), `${label}: ${JSON.stringify(validate?.errors?.slice(0, 2))}`);
    };
    const asked = new Set<string>();
    for (const [path, operations] of Object.entries<Record<string, Operation>>(document.paths)) {
      const target = `${url}${path.replaceAll('{number}', '5').replaceAll('{text}', 'a')}`;
      const verbs = Object.keys(operations).filter((name) => operations[name]?.responses !== undefined);
      for (const verb of verbs) {
        const { requestBody, responses } = operations[verb] as Operation;
        for (const sent of Object.keys(requestBody?.content ?? { '': {} })) {
          const ofSent = ajv.getSchema(
            `doc#${pointer('paths', path, verb, 'requestBody', 'content', sent, 'schema')}`,
          );
          // Lines are messages, or what the rule has for a body.
          const line = LINES.find((each) => sent === 'application/x-ndjson' && ofSent?.(JSON.parse(each)));
          const body =
            line === undefined
              ? (BODIES[sent] ?? '')
              : `${line}
${line}
`;
          const send = (accept: string) =>
            http(target, {
              method: verb.toUpperCase(),
              headers: { accept, ...(sent && { 'content-type': sent === '*/*' ? 'image/png' : sent }) },
              ...(sent && { body }),
            });
          for (const accept of Object.keys(responses['200']?.content ?? {})) {
            const label = `${verb} ${path} ${sent} -> ${accept}`;
            asked.add(label);
            isFailing = false;
            const answer = await send(accept);
            t.equal(answer.status, 200, label);
            const given = String(answer.headers['content-type']).replace(/;.*/, '');
            t.equal(
              given,
              accept === '*/*'
                ? 'text/plain'
                : path.endsWith('/Body') && accept.endsWith('octet-stream')
                  ? given
                  : accept,
              label,
            );
            for (const name of Object.keys(responses['200']?.headers ?? {}))
              t.ok(answer.headers[name], `${label}: ${name}`);
            const where = pointer('paths', path, verb, 'responses', '200', 'content', accept, 'schema');
            if (accept === 'application/json') isValid(where, JSON.parse(answer.text), label);
            if (accept === 'application/x-ndjson')
              for (const line of answer.text.split('\n').filter(Boolean))
                isValid(where, JSON.parse(line), label);
            if (accept.startsWith('application/octet') || accept === '*/*')
              t.match(answer.text, /^(?:of a file){2}$|^abc$/, label);
            isFailing = true;
            const failed = await send(accept);
            t.equal(failed.status, 404, label);
            isValid(
              pointer('components', 'schemas', 'sluice-error'),
              failed.headers['content-type']?.includes('json') ? JSON.parse(failed.text) : failed.text,
              label,
            );
            t.match(
              failed.headers,
              { 'grpc-status': '5', 'x-request-id': /./, 'sluice-reason': undefined },
              label,
            );
          }
          // The path of a rule for a file gives its bytes, whatever is accepted.
          if (verb === 'get' && /^.foreign.(?:files|body)/.test(path)) continue;
          const refused = await send('image/gif');
          t.equal(refused.status, 406, `${verb} ${path}`);
          isValid(pointer('components', 'schemas', 'sluice-error'), JSON.parse(refused.text), path);
          t.match(refused.headers, { 'sluice-reason': /./, 'grpc-status': /^\d+$/ }, path);
        }
      }
      const other = await http(target, { method: 'DELETE' });
      t.equal(other.status, 405, path);
      const allowed = String(other.headers.allow).split(', ');
      for (const verb of verbs) t.ok(allowed.includes(verb.toUpperCase()), `${verb} ${path}`);
      for (const verb of allowed)
        t.ok(
          ['HEAD', 'QUERY', 'OPTIONS'].includes(verb) || verbs.includes(verb.toLowerCase()),
          `${verb} ${path}`,
        );
    }
    t.ok(asked.size > 60, `${asked.size}`);
  },
);
