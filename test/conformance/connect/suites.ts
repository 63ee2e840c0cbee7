import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { type CaseSchema, contentOf, PACKAGE, typeNameOf } from './case-schema.js';
import type { CaseTemplate, RequestMessage, Suite } from './case-types.js';

const FOLDER = fileURLToPath(new URL('suites/', import.meta.url));

/** What the official runner tells servers as their limit, in bytes of one message. */
export const MESSAGE_LIMIT = 204_800;

/** The suites of the folder, by file name, with JSON names, and with request messages padded as they say. Throws where a file has an unknown member. */
export function readSuites(types: CaseSchema): Suite[] {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'));
  return files.sort().map((name) => {
    const json = parse(readFileSync(FOLDER + name, 'utf8'));
    const suite = types.canonical(`${PACKAGE}.TestSuite`, json) as unknown as Suite;
    return { ...suite, testCases: suite.testCases.map((template) => padded(template, types)) };
  });
}

function padded(template: CaseTemplate, types: CaseSchema): CaseTemplate {
  const { expandRequests, request } = template;
  if (expandRequests === undefined) return template;
  const requestMessages = (request.requestMessages ?? []).map((message, index) => {
    const relative = expandRequests[index]?.sizeRelativeToLimit;
    return relative === undefined ? message : withSize(message, MESSAGE_LIMIT + relative, types);
  });
  return { ...template, request: { ...request, requestMessages } };
}

/** The message with so much request data that its bytes are of this size. */
function withSize(message: RequestMessage, size: number, types: CaseSchema): RequestMessage {
  const type = typeNameOf(message);
  const given = Buffer.from(message.requestData ?? '', 'base64');
  let result = message;
  // The second and third rounds correct the length of the length.
  for (let round = 0, count = given.length; round < 3; round += 1) {
    const bytes = types.encode(type, contentOf(result)).length;
    if (bytes === size) return result;
    count += size - bytes;
    result = { ...message, requestData: Buffer.concat([given], count).toString('base64') };
  }
  throw new RangeError(`${type} cannot have ${size} bytes`);
}
