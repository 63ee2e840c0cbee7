import { PACKAGE, TYPE_PREFIX } from './case-schema.js';
import type {
  CaseRequest,
  CaseTemplate,
  Codec,
  ExpectedResponse,
  RequestInfo,
  RequestMessage,
} from './case-types.js';

const REQUEST_INFO = `${TYPE_PREFIX}${PACKAGE}.ConformancePayload.RequestInfo`;

/** What a service that does as the request messages say answers, where the template does not say it. */
export function expectedResponse(template: CaseTemplate, codec: Codec): ExpectedResponse {
  const { request, expectedResponse: given } = template;
  if (given !== undefined || request.rawRequest !== undefined) return given ?? rawExpectation(request);
  const definition = request.requestMessages?.[0]?.responseDefinition;
  const metadata = {
    ...(definition?.responseHeaders && { responseHeaders: definition.responseHeaders }),
    ...(definition?.responseTrailers && { responseTrailers: definition.responseTrailers }),
  };
  const info = requestInfo(request, request.requestMessages ?? [], codec);
  const isSingle = ['STREAM_TYPE_UNARY', 'STREAM_TYPE_CLIENT_STREAM'].includes(request.streamType);
  const data = isSingle
    ? [definition?.responseData as string | undefined]
    : ((definition?.responseData as readonly string[] | undefined) ?? []);
  const error = definition?.error;
  if (error !== undefined && (isSingle || data.length === 0)) {
    return {
      ...metadata,
      error: { ...error, details: [...(error.details ?? []), { '@type': REQUEST_INFO, ...info }] },
    };
  }
  const payloads = data.map((bytes, index) => {
    const requestInfo = infoOf(request, index, info);
    return { ...(bytes !== undefined && { data: bytes }), ...(requestInfo && { requestInfo }) };
  });
  return { ...metadata, payloads, ...(error && { error }) };
}

/** The cases that send what no client would have an expectation of their own, but for those that send what is right in another spelling. */
function rawExpectation(request: CaseRequest): ExpectedResponse {
  const { rawRequest: _raw, ...plain } = request;
  return expectedResponse({ request: plain }, 'CODEC_PROTO');
}

/** The request info of the response at this place: once, but for full duplex, where each response tells of its request. */
function infoOf(request: CaseRequest, index: number, whole: RequestInfo): RequestInfo | undefined {
  if (request.streamType !== 'STREAM_TYPE_FULL_DUPLEX_BIDI_STREAM') return index === 0 ? whole : undefined;
  const requests = request.requestMessages?.slice(index, index + 1) ?? [];
  return index === 0 ? { ...whole, requests } : { requests };
}

function requestInfo(request: CaseRequest, requests: readonly RequestMessage[], codec: Codec): RequestInfo {
  return {
    requests,
    ...(request.requestHeaders && { requestHeaders: request.requestHeaders }),
    ...(request.timeoutMs !== undefined && { timeoutMs: String(request.timeoutMs) }),
    ...(request.useGetHttpMethod && {
      connectGetInfo: {
        queryParams: [{ name: 'encoding', value: [codec === 'CODEC_JSON' ? 'json' : 'proto'] }],
      },
    }),
  };
}
