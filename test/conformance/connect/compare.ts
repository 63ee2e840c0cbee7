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

/**
 * How much of a timeout may have passed when the service sees it: the official runner's number. On a machine that was late all the same it is what had
 * passed when the answer came, because no service can see more.
 */
const TIMEOUT_GRACE_MS = 250;
const REQUEST_INFO = 'ConformancePayload.RequestInfo';

/** What is wrong with a result; nothing where the case has passed. Tolerant where the official runner is, and nowhere else. */
export function faultsOf(testCase: ConformanceCase, result: CaseResult, types: CaseSchema): string[] {
  return new Comparison(testCase, result, types).faults;
}

class Comparison {
  readonly faults: string[];
  readonly #types: CaseSchema;
  readonly #graceMs: number;

  constructor(
    { expected, request, otherAllowedErrorCodes }: ConformanceCase,
    result: CaseResult,
    types: CaseSchema,
  ) {
    this.#types = types;
    this.#graceMs = Math.max(TIMEOUT_GRACE_MS, result.firstAnswerMs);
    this.faults = [...result.feedback];
    this.#error(expected.error, result.error, otherAllowedErrorCodes);
    this.#payloads(expected.payloads ?? [], result.payloads);
    // A call that ends with an error before any response may have all its metadata in one place.
    const mayBeOne =
      expected.error !== undefined &&
      (expected.payloads ?? []).length === 0 &&
      ['STREAM_TYPE_UNARY', 'STREAM_TYPE_CLIENT_STREAM'].includes(request.streamType);
    const { responseHeaders = [], responseTrailers = [] } = expected;
    const apart = [
      ...headerFaults('response header', responseHeaders, result.headers),
      ...headerFaults('response trailer', responseTrailers, result.trailers),
    ];
    const together = headerFaults('', [...responseHeaders, ...responseTrailers], result.trailers);
    if (!mayBeOne || together.length > 0) this.faults.push(...apart);
    const { httpStatusCode } = expected;
    if (httpStatusCode !== undefined && result.httpStatus !== httpStatusCode)
      this.faults.push(`HTTP status ${result.httpStatus}, expected ${httpStatusCode}`);
  }

  #payloads(expected: readonly CasePayload[], actual: readonly CasePayload[]): void {
    if (expected.length !== actual.length)
      this.faults.push(`${actual.length} responses, expected ${expected.length}`);
    for (const [index, payload] of actual.slice(0, expected.length).entries()) {
      const wanted = expected[index] as CasePayload;
      const place = `response ${index + 1}: `;
      if ((payload.data ?? '') !== (wanted.data ?? ''))
        this.faults.push(`${place}data ${payload.data}, expected ${wanted.data}`);
      this.#info(place, wanted.requestInfo ?? {}, payload.requestInfo ?? {}, index === 0);
    }
  }

  /** Headers, timeout and query belong to the first response only. */
  #info(place: string, expected: RequestInfo, actual: RequestInfo, isFirst: boolean): void {
    if (isFirst) {
      const { requestHeaders = [], timeoutMs, connectGetInfo } = expected;
      this.faults.push(
        ...headerFaults(`${place}request header`, requestHeaders, actual.requestHeaders ?? []),
      );
      this.#timeout(place, timeoutMs, actual.timeoutMs);
      const { queryParams } = actual.connectGetInfo ?? {};
      // A service behind a gateway cannot see how its client asked.
      if (queryParams !== undefined)
        this.faults.push(...headerFaults(`${place}query`, connectGetInfo?.queryParams ?? [], queryParams));
    }
    const [wanted, requests] = [expected.requests ?? [], actual.requests ?? []];
    if (wanted.length !== requests.length)
      this.faults.push(`${place}the service saw ${requests.length} requests, expected ${wanted.length}`);
    for (const [index, request] of requests.slice(0, wanted.length).entries()) {
      const other = wanted[index] as typeof request;
      const isEqual =
        typeNameOf(request) === typeNameOf(other) &&
        isDeepStrictEqual(contentOf(request), this.#types.contentOfRequest(other).json);
      if (!isEqual) this.faults.push(`${place}request ${index + 1} did not come through as it was`);
    }
  }

  #timeout(place: string, expected: string | undefined, actual: string | undefined): void {
    if (expected === undefined && actual === undefined) return;
    const [limit, seen] = [Number(expected), Number(actual)];
    if (!(seen <= limit && seen >= Math.max(0, limit - this.#graceMs)))
      this.faults.push(`${place}the service saw a timeout of ${actual} ms, expected ${expected}`);
  }

  #error(expected: CaseError | undefined, actual: CaseError | undefined, others: readonly string[]): void {
    if (expected === undefined || actual === undefined) {
      if (actual !== undefined) this.faults.push(`the error ${actual.code} ${actual.message}, expected none`);
      if (expected !== undefined) this.faults.push(`no error, expected ${expected.code}`);
      return;
    }
    const { code, message, details = [] } = actual;
    if (code !== expected.code && !others.includes(code))
      this.faults.push(`the error ${code} ${message}, expected ${expected.code}`);
    if (expected.message !== undefined && expected.message !== message)
      this.faults.push(
        `the message ${JSON.stringify(message)}, expected ${JSON.stringify(expected.message)}`,
      );
    const wanted = expected.details ?? [];
    if (wanted.length !== details.length)
      this.faults.push(`${details.length} details, expected ${wanted.length}`);
    for (const [index, detail] of details.slice(0, wanted.length).entries()) {
      const other = wanted[index] as typeof detail;
      const type = typeNameOf(detail);
      if (type !== typeNameOf(other)) this.faults.push(`a detail ${type}, expected ${typeNameOf(other)}`);
      else if (type.endsWith(REQUEST_INFO))
        this.#info('detail: ', contentOf(other) as RequestInfo, contentOf(detail) as RequestInfo, true);
      else if (!isDeepStrictEqual(contentOf(detail), contentOf(other)))
        this.faults.push(`another detail ${type}`);
    }
  }
}

/** Every expected header is there, with its values in their order; others may be there too. */
function headerFaults(
  what: string,
  expected: readonly CaseHeader[],
  actual: readonly CaseHeader[],
): string[] {
  return expected.flatMap(({ name, value = [] }) => {
    const found = actual.find((header) => header.name.toLowerCase() === name.toLowerCase());
    if (found === undefined) return [`no ${what} ${name}`];
    return isDeepStrictEqual(singleValues(found.value ?? []), singleValues(value))
      ? []
      : [`${what} ${name}: ${JSON.stringify(found.value)}, expected ${JSON.stringify(value)}`];
  });
}

/** Values that were joined by a comma on the way count as several. */
function singleValues(values: readonly string[]): string[] {
  return values.flatMap((value) => value.split(/ ?, ?/));
}
