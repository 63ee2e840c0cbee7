import { type DescField, ScalarType } from '@bufbuild/protobuf';
import type { Json } from '../method/index.js';
import { fieldComment } from './comments.js';

/** So much of a comment is looked at. */
const MAX_COMMENT = 500;
/** The longest value that is taken out of a comment. */
const MAX_QUOTED = 100;
/** "for example "x"", "such as `x`", "e.g. 'x'". */
const QUOTED =
  /(?:for example|e\.g\.|such as|example:|default:)[ ,:]{0,3}(?:"([^"\n]+)"|`([^`\n]+)`|'([^'\n]+)')/i;
/** "JOIN, MOVE or ATTACK", "one of: EUR, USD". */
const LISTED = /(?:^|[\s:(])([A-Z][A-Z0-9_]{1,40})(?:, [A-Z][A-Z0-9_]{1,40}){0,30},? (?:or|and) [A-Z]{2}/;

/** Text by the end of a field's name. What only makes sense after another answer, or is a language of its own, stays empty. */
const TEXTS: ReadonlyArray<readonly [name: RegExp, text: string]> = [
  [/(?:^|_)(?:page_token|cursor|etag|filter|order_by|sort|checksum|signature|password|token|service)$/, ''],
  [/(?:^|_)e?mail(?:_address)?$/, 'ann@example.com'],
  [/(?:^|_)(?:ur[il]|link|website|homepage|endpoint)$/, 'https://example.com/'],
  [/(?:^|_)(?:uuid|guid)$/, '4f2c8a1e-6f0b-4c3d-9a7e-2b1d5c8e0f34'],
  [/(?:^|_)(?:ip|ip_address)$/, '192.0.2.1'],
  [/(?:^|_)host(?:name)?$/, 'example.com'],
  [/(?:^|_)phone(?:_number)?$/, '+15550100'],
  [/(?:^|_)(?:date|day)$/, '2024-05-17'],
  [/(?:^|_)(?:time|timestamp|created_at|updated_at)$/, '2024-05-17T12:00:00Z'],
  [/(?:^|_)time_?zone$/, 'Europe/Berlin'],
  [/(?:^|_)(?:language|locale|language_code)$/, 'en'],
  [/(?:^|_)(?:country|country_code|region_code)$/, 'DE'],
  [/(?:^|_)(?:currency|currency_code)$/, 'EUR'],
  [/(?:^|_)(?:content_type|mime_type|media_type)$/, 'text/plain'],
  [/(?:^|_)(?:path|file|file_?name)$/, 'example.txt'],
  [/(?:^|_)(?:message|text|content|body|description|comment|title|query|prompt)$/, 'Hello'],
  [/(?:^|_)(?:user(?:_?name|_id)?|author|owner|display_name|first_name)$/, 'ann'],
  [/(?:^|_)(?:amount|price|value|number|count)$/, '1'],
  [/(?:^|_)id$/, '1'],
];
const WORD = 'example';

/** Numbers by the end of a field's name. Whole where the type is. */
const NUMBERS: ReadonlyArray<readonly [name: RegExp, value: number]> = [
  [
    /(?:^|_)(?:offset|skip|position|start|index|after|from_id|start_from_id|revision|version|chunk_number)$/,
    0,
  ],
  [/(?:^|_)(?:page_size|limit|max_results|count)$/, 10],
  [/(?:^|_)(?:ms|millis|milliseconds)$/, 1000],
  [/(?:^|_)lat(?:itude)?$/, 52.52],
  [/(?:^|_)(?:lng|lon|longitude)$/, 13.4],
  [/(?:^|_)port$/, 8080],
  [/(?:^|_)year$/, 2024],
];

/** A value of a scalar field that a service may well take: what its comment gives as an example, or what its name means. */
export function scalarExample(field: DescField, type: ScalarType, name = field.name): Json {
  switch (type) {
    case ScalarType.BOOL:
      return false;
    case ScalarType.BYTES:
      return Buffer.from(WORD).toString('base64');
    case ScalarType.STRING:
      return fromComment(fieldComment(field).slice(0, MAX_COMMENT)) ?? byName(TEXTS, name) ?? WORD;
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return byName(NUMBERS, name) ?? 1.5;
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.SINT64:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return String(whole(name));
    default:
      return whole(name);
  }
}

function whole(name: string): number {
  return Math.trunc(byName(NUMBERS, name) ?? 1);
}

function fromComment(comment: string): string | undefined {
  const quoted = QUOTED.exec(comment);
  const text = quoted?.[1] ?? quoted?.[2] ?? quoted?.[3] ?? LISTED.exec(comment)?.[1];
  return text !== undefined && text.length <= MAX_QUOTED ? text : undefined;
}

function byName<Value>(table: ReadonlyArray<readonly [RegExp, Value]>, name: string): Value | undefined {
  return table.find(([pattern]) => pattern.test(name.toLowerCase()))?.[1];
}
