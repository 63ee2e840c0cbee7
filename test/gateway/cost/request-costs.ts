import type { IncomingHttpHeaders } from 'node:http';
import type { Test } from 'tap';
import { compiledCodec } from '../../../gateway/codec/index.js';
import { canonicalSegment } from '../../../gateway/schema/http/path-template.js';
import { decodePathValue } from '../../../gateway/schema/http/percent.js';
import { requestJson } from '../../../gateway/schema/index.js';
import { forwardedElements, listMembers } from '../../../gateway/security/forwarded.js';
import { authorityOf } from '../../../gateway/security/served-hosts.js';
import { HeaderRules } from '../../../gateway/surfaces/message/header-rules.js';
import {
  callMetadata,
  requestDeadline,
  requestMetadata,
} from '../../../gateway/surfaces/message/request-metadata.js';
import {
  chooseMediaType,
  contentDisposition,
  idFromCursor,
  mediaTypeOf,
  namesOnly,
  parseGrpcTimeout,
  parseLastEventId,
} from '../../../gateway/wire/index.js';
import { foreignSchema } from '../../support/foreign.js';
import { schemaFromText } from '../schema/schema-from-text.js';
import { type Cost, fill, list, textCosts } from './growth.js';
import { NUMBERS } from './json-costs.js';

const QUERIES: Readonly<Record<string, (size: number) => string>> = {
  'many parameters': (size) => fill('tags=a&', size),
  'different parameters': (size) => list(size, 10, (n) => `t${n}=1`, '&'),
  'one parameter twice': (size) => `text=1&${fill('tags=a&', size)}text=2`,
  'nested names': (size) => list(size, 40, () => 'child.child.child.child.tags=a', '&'),
  'a name of dots': (size) => `${fill('child.', size)}text=1`,
  'dots alone': (size) => `${fill('.', size)}=1`,
  ampersands: (size) => fill('&', size),
  'equals signs': (size) => fill('=', size),
  'percent signs': (size) => `text=${fill('%25', size)}`,
  'broken percent signs': (size) => `text=${fill('%', size)}`,
  brackets: (size) => `text${fill('[', size)}=1`,
  'a map': (size) => list(size, 16, (n) => `labels[k${n}]=1`, '&'),
  'plus signs': (size) => `text=${fill('+', size)}`,
};

const PATHS: Readonly<Record<string, (size: number) => string>> = {
  slashes: (size) => `/v1${fill('/', size)}`,
  segments: (size) => `/v1${fill('/a', size)}`,
  'segments and a verb': (size) => `/v1${fill('/a', size)}:go`,
  colons: (size) => `/v1/${fill(':', size)}`,
  'segments of colons': (size) => `/v1${fill('/a:go', size)}`,
  'encoded slashes': (size) => `/v1/${fill('%2F', size)}`,
  'broken percent signs': (size) => `/v1/${fill('%', size)}`,
  dots: (size) => `/v1${fill('/..', size)}`,
  'characters that are encoded': (size) => `/v1/${fill('{}', size)}`,
};

const HEADERS: Readonly<Record<string, (size: number) => string>> = {
  ...NUMBERS,
  commas: (size) => fill(',', size),
  blanks: (size) => fill(' ', size),
  'blanks and a letter': (size) => `a${fill(' ', size)}b`,
  semicolons: (size) => `a/b${fill(';', size)}`,
  parameters: (size) => `a/b${fill(';q=0.1', size)}`,
  'media types': (size) => list(size, 16, (n) => `text/${n};q=0.${n % 10}`),
  stars: (size) => fill('*/*,', size),
  slashes: (size) => fill('/', size),
  'quotation marks': (size) => fill('"', size),
  'escaped quotation marks': (size) => `for="${fill('\\"', size)}`,
  'forwarded elements': (size) => list(size, 14, (n) => `for=10.0.0.${n % 256}`),
  tildes: (size) => fill('~', size),
  'an end': (size) => `~end${fill(':~end', size)}`,
  'an escaped cursor': (size) => `~=${fill('%41', size)}`,
  'a broken escape': (size) => `~=${fill('%', size)}`,
  'equals signs': (size) => fill('=', size),
  backslashes: (size) => fill('\\', size),
};

const RULES = new HeaderRules(['x-tenant']);
const TYPES = ['application/json', 'application/x-ndjson', 'text/event-stream'] as const;

/** Everything that the head of a request can be made of. */
export async function requestCosts(t: Pick<Test, 'testdir'>): Promise<Cost[]> {
  const { registry } = await foreignSchema();
  const item = registry.getMessage('foreign.v1.Item');
  if (item === undefined) throw new TypeError('no Item');
  const codec = compiledCodec(registry, { codeGeneration: true }).forMessage(item);
  const query = (text: string) =>
    codec.fromJson(JSON.stringify(requestJson(item, [], new URLSearchParams(text))));
  const { routes } = await schemaFromText(
    t,
    `message Q { string a = 1; string b = 2; } service S {
      rpc A(Q) returns (Q) { option (google.api.http) = { get: "/v1/{a=**}" }; }
      rpc B(Q) returns (Q) { option (google.api.http) = { get: "/v1/{a=*/a/**}:go" }; }
      rpc C(Q) returns (Q) { option (google.api.http) = { get: "/v1/{a}/{b}" }; }
      rpc D(Q) returns (Q) { option (google.api.http) = { get: "/v1/*/*/*/*/{a=**}" }; }
    }`,
  );
  const inHeader = (name: string) => (value: string) => requestMetadata({ [name]: value }, [], RULES);
  const works: Readonly<Record<string, (value: string) => unknown>> = {
    Accept: (value) => [chooseMediaType(value, TYPES), namesOnly(value, TYPES[2])],
    'Content-Type': (value) => mediaTypeOf(value),
    'grpc-timeout': (value) => [parseGrpcTimeout(value), requestDeadline({ 'grpc-timeout': value }, 1)],
    'Last-Event-ID': (value) => parseLastEventId(value),
    'a cursor': (value) => idFromCursor(value),
    'a cursor as a number': (value) => codec.fromJson(JSON.stringify({ big: value })),
    'a -bin header': inHeader('grpc-metadata-x-bin'),
    'a header': inHeader('grpc-metadata-x'),
    'a name of a header': (value) => requestMetadata({ [`grpc-metadata-${value}`]: '1' }, [], RULES),
    'metadata of a session': (value) => callMetadata([], [['x-bin', value]], RULES),
    Forwarded: (value) => forwardedElements(value),
    'X-Forwarded-For': (value) => listMembers(value),
    'a target': (value) => authorityOf({ url: `http://${value}`, headers: {} }),
    'a name of a file': (value) => contentDisposition(value),
    'a path value': (value) => decodePathValue(value, true, 'a'),
    'a segment': (value) => canonicalSegment(value),
  };
  return [
    ...textCosts('query', QUERIES, query),
    ...textCosts('query, a number', NUMBERS, (text) => query(`number=${text}&big=${text}`)),
    ...textCosts('path', PATHS, (path) => [routes.match('GET', path), routes.allowed(path)]),
    ...Object.entries(works).flatMap(([name, work]) => textCosts(name, HEADERS, work)),
    {
      name: 'many headers',
      prepare: (size) => {
        const headers: IncomingHttpHeaders = {};
        for (let index = 0; index < size / 20; index += 1) headers[`grpc-metadata-x${index}`] = 'a';
        return () => requestMetadata(headers, [], RULES);
      },
    },
    {
      name: 'much metadata of a session',
      prepare: (size) => {
        const own = Array.from({ length: size / 8 }, (_, index): [string, string] => [`x${index}`, 'a']);
        return () => callMetadata([], own, RULES);
      },
    },
  ];
}
