import { isDeepStrictEqual } from 'node:util';
import { type CaseSchema, contentOf, typeNameOf } from './case-schema.js';
import type {
  CaseError,
  CaseHeader,
  CasePayload,
  CaseResult,
  ConformanceCase,
  RequestInfo,
} from './case-types.js';

/** How much of a timeout may have passed when the service sees it: the official runner's number. */
const TIMEOUT_GRACE_MS = 250;
const REQUEST_INFO = 'ConformancePayload.RequestInfo';

/** What is wrong with a result; nothing where the case has passed. Tolerant where the official runner is, and nowhere else. */
export function faultsOf(testCase: ConformanceCase, result: CaseResult, types: CaseSchema): string[] {
  const { expected } = testCase;
  const faults = [...result.feedback];
  checkError(expected.error, result.error, testCase.otherAllowedErrorCodes, types, faults);
  checkPayloads(expected.payloads ?? [], result.payloads, types, faults);
  checkMetadata(testCase, result, faults);
  const { httpStatusCode } = expected;
  if (httpStatusCode !== undefined && result.httpStatus !== httpStatusCode)
    faults.push(`HTTP status ${result.httpStatus}, expected ${httpStatusCode}`);
  return faults;
}

/** A call that ends with an error before any response may have all its metadata in one place. */
function checkMetadata({ expected, request }: ConformanceCase, result: CaseResult, faults: string[]): void {
  const { responseHeaders = [], responseTrailers = [] } = expected;
  const apart: string[] = [];
  checkHeaders('response header', responseHeaders, result.headers, apart);
  checkHeaders('response trailer', responseTrailers, result.trailers, apart);
  const mayBeOne =
    expected.error !== undefined &&
    (expected.payloads ?? []).length === 0 &&
    ['STREAM_TYPE_UNARY', 'STREAM_TYPE_CLIENT_STREAM'].includes(request.streamType);
  if (apart.length > 0 && mayBeOne) {
    const together: string[] = [];
    checkHeaders('', [...responseHeaders, ...responseTrailers], result.trailers, together);
    if (together.length === 0) return;
  }
  faults.push(...apart);
}

/** Every expected header is there, with its values in their order; others may be there too. */
function checkHeaders(
  what: string,
  expected: readonly CaseHeader[],
  actual: readonly CaseHeader[],
  faults: string[],
): void {
  for (const { name, value = [] } of expected) {
    const found = actual.find((header) => header.name.toLowerCase() === name.toLowerCase());
    if (found === undefined) faults.push(`no ${what} ${name}`);
    else if (!isDeepStrictEqual(singleValues(found.value ?? []), singleValues(value)))
      faults.push(`${what} ${name}: ${JSON.stringify(found.value)}, expected ${JSON.stringify(value)}`);
  }
}

/** Values that were joined by a comma on the way count as several. */
function singleValues(values: readonly string[]): string[] {
  return values.flatMap((value) => value.split(/ ?, ?/));
}

function checkPayloads(
  expected: readonly CasePayload[],
  actual: readonly CasePayload[],
  types: CaseSchema,
  faults: string[],
): void {
  if (expected.length !== actual.length)
    faults.push(`${actual.length} responses, expected ${expected.length}`);
  for (const [index, payload] of actual.slice(0, expected.length).entries()) {
    const wanted = expected[index] as CasePayload;
    const place = `response ${index + 1}: `;
    if ((payload.data ?? '') !== (wanted.data ?? ''))
      faults.push(`${place}data ${payload.data}, expected ${wanted.data}`);
    checkInfo(place, wanted.requestInfo ?? {}, payload.requestInfo ?? {}, index === 0, types, faults);
  }
}

/** Headers, timeout and query belong to the first response only. */
function checkInfo(
  place: string,
  expected: RequestInfo,
  actual: RequestInfo,
  isFirst: boolean,
  types: CaseSchema,
  faults: string[],
): void {
  if (isFirst) {
    checkHeaders(
      `${place}request header`,
      expected.requestHeaders ?? [],
      actual.requestHeaders ?? [],
      faults,
    );
    checkTimeout(place, expected.timeoutMs, actual.timeoutMs, faults);
    const { queryParams } = actual.connectGetInfo ?? {};
    // A service behind a gateway cannot see how its client asked.
    if (queryParams !== undefined)
      checkHeaders(`${place}query`, expected.connectGetInfo?.queryParams ?? [], queryParams, faults);
  }
  const [wanted, requests] = [expected.requests ?? [], actual.requests ?? []];
  if (wanted.length !== requests.length)
    faults.push(`${place}the service saw ${requests.length} requests, expected ${wanted.length}`);
  for (const [index, request] of requests.slice(0, wanted.length).entries()) {
    const other = wanted[index] as typeof request;
    const isEqual =
      typeNameOf(request) === typeNameOf(other) &&
      isDeepStrictEqual(contentOf(request), types.contentOfRequest(other).json);
    if (!isEqual) faults.push(`${place}request ${index + 1} did not come through as it was`);
  }
}

function checkTimeout(
  place: string,
  expected: string | undefined,
  actual: string | undefined,
  faults: string[],
): void {
  if (expected === undefined && actual === undefined) return;
  const [limit, seen] = [Number(expected), Number(actual)];
  if (!(seen <= limit && seen >= Math.max(0, limit - TIMEOUT_GRACE_MS)))
    faults.push(`${place}the service saw a timeout of ${actual} ms, expected ${expected}`);
}

function checkError(
  expected: CaseError | undefined,
  actual: CaseError | undefined,
  others: readonly string[],
  types: CaseSchema,
  faults: string[],
): void {
  if (expected === undefined || actual === undefined) {
    if (actual !== undefined) faults.push(`the error ${actual.code} ${actual.message}, expected none`);
    if (expected !== undefined) faults.push(`no error, expected ${expected.code}`);
    return;
  }
  if (actual.code !== expected.code && !others.includes(actual.code))
    faults.push(`the error ${actual.code} ${actual.message}, expected ${expected.code}`);
  if (expected.message !== undefined && expected.message !== actual.message)
    faults.push(
      `the message ${JSON.stringify(actual.message)}, expected ${JSON.stringify(expected.message)}`,
    );
  const wanted = expected.details ?? [];
  const details = actual.details ?? [];
  if (wanted.length !== details.length) faults.push(`${details.length} details, expected ${wanted.length}`);
  for (const [index, detail] of details.slice(0, wanted.length).entries()) {
    const other = wanted[index] as typeof detail;
    if (typeNameOf(detail) !== typeNameOf(other))
      faults.push(`a detail ${typeNameOf(detail)}, expected ${typeNameOf(other)}`);
    else if (typeNameOf(detail).endsWith(REQUEST_INFO))
      checkInfo(
        'detail: ',
        contentOf(other) as RequestInfo,
        contentOf(detail) as RequestInfo,
        true,
        types,
        faults,
      );
    else if (!isDeepStrictEqual(contentOf(detail), contentOf(other)))
      faults.push(`another detail ${typeNameOf(detail)}`);
  }
}
