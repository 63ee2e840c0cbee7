import { PACKAGE } from './case-schema.js';
import type {
  Codec,
  Compression,
  ConformanceCase,
  HttpVersion,
  Protocol,
  StreamType,
  Suite,
} from './case-types.js';
import { expectedResponse } from './expected.js';

/** What the server under test can do, in the words of the official runner's configuration; each has the meaning of the same key there. */
export interface Features {
  readonly versions: readonly HttpVersion[];
  readonly protocols: readonly Protocol[];
  readonly codecs: readonly Codec[];
  readonly compressions: readonly Compression[];
  readonly streamTypes: readonly StreamType[];
  readonly supportsTls: boolean;
  readonly supportsTlsClientCerts: boolean;
  readonly supportsHalfDuplexBidiOverHttp1: boolean;
}

export const ALL_FEATURES: Features = {
  versions: ['HTTP_VERSION_1', 'HTTP_VERSION_2'],
  protocols: ['PROTOCOL_CONNECT', 'PROTOCOL_GRPC', 'PROTOCOL_GRPC_WEB'],
  codecs: ['CODEC_PROTO', 'CODEC_JSON'],
  compressions: ['COMPRESSION_IDENTITY', 'COMPRESSION_GZIP'],
  streamTypes: [
    'STREAM_TYPE_UNARY',
    'STREAM_TYPE_CLIENT_STREAM',
    'STREAM_TYPE_SERVER_STREAM',
    'STREAM_TYPE_HALF_DUPLEX_BIDI_STREAM',
    'STREAM_TYPE_FULL_DUPLEX_BIDI_STREAM',
  ],
  supportsTls: true,
  supportsTlsClientCerts: true,
  supportsHalfDuplexBidiOverHttp1: true,
};

const METHODS: Readonly<Record<StreamType, string>> = {
  STREAM_TYPE_UNARY: 'Unary',
  STREAM_TYPE_CLIENT_STREAM: 'ClientStream',
  STREAM_TYPE_SERVER_STREAM: 'ServerStream',
  STREAM_TYPE_HALF_DUPLEX_BIDI_STREAM: 'BidiStream',
  STREAM_TYPE_FULL_DUPLEX_BIDI_STREAM: 'BidiStream',
};

type Choices = Pick<ConformanceCase, 'protocol' | 'version' | 'codec' | 'compression' | 'tls'>;

/** Every template of the suites for servers, once for each combination of choices that the suite and the features have in common. */
export function casesOf(suites: readonly Suite[], features: Features): ConformanceCase[] {
  return suites
    .filter(({ mode }) => mode !== 'TEST_MODE_CLIENT')
    .flatMap((suite) => choicesOf(suite, features).flatMap((choices) => casesWith(suite, choices, features)));
}

function choicesOf(suite: Suite, features: Features): Choices[] {
  if (suite.reliesOnTlsClientCerts && !features.supportsTlsClientCerts) return [];
  const list: Choices[] = [];
  for (const protocol of common(suite.relevantProtocols, features.protocols)) {
    for (const version of common(suite.relevantHttpVersions, features.versions)) {
      // gRPC has trailers, which HTTP/1.1 clients seldom read.
      if (protocol === 'PROTOCOL_GRPC' && version === 'HTTP_VERSION_1') continue;
      for (const codec of common(suite.relevantCodecs, features.codecs)) {
        for (const compression of common(suite.relevantCompressions, features.compressions)) {
          for (const tls of [false, true]) {
            if (tls ? features.supportsTls : !suite.reliesOnTls)
              list.push({ protocol, version, codec, compression, tls });
          }
        }
      }
    }
  }
  return list;
}

/** No list of a suite means all. */
function common<Value>(relevant: readonly Value[] | undefined, offered: readonly Value[]): readonly Value[] {
  return relevant === undefined ? offered : offered.filter((value) => relevant.includes(value));
}

function casesWith(suite: Suite, choices: Choices, features: Features): ConformanceCase[] {
  const prefix = prefixOf(suite, choices);
  return suite.testCases
    .filter(({ request }) => canStream(request.streamType, choices.version, features))
    .map((template) => ({
      ...choices,
      name: `${prefix}/${template.request.testName}`,
      clientCertificate: suite.reliesOnTlsClientCerts ?? false,
      service: template.request.service ?? `${PACKAGE}.ConformanceService`,
      method: template.request.method ?? METHODS[template.request.streamType],
      request: template.request,
      expected: expectedResponse(template, choices.codec),
      otherAllowedErrorCodes: template.otherAllowedErrorCodes ?? [],
    }));
}

/** HTTP/1.1 cannot answer while it is asked, and half duplex on it is a feature of its own. */
function canStream(type: StreamType, version: HttpVersion, features: Features): boolean {
  if (!features.streamTypes.includes(type)) return false;
  if (version !== 'HTTP_VERSION_1') return true;
  if (type === 'STREAM_TYPE_FULL_DUPLEX_BIDI_STREAM') return false;
  return type !== 'STREAM_TYPE_HALF_DUPLEX_BIDI_STREAM' || features.supportsHalfDuplexBidiOverHttp1;
}

/** A choice stands in the name unless the suite leaves only one. */
function prefixOf(suite: Suite, choices: Choices): string {
  const isOpen = (list: readonly unknown[] | undefined) => list?.length !== 1;
  const parts = [
    suite.name,
    isOpen(suite.relevantHttpVersions) && `HTTPVersion:${choices.version.at(-1)}`,
    isOpen(suite.relevantProtocols) && `Protocol:${choices.protocol}`,
    isOpen(suite.relevantCodecs) && `Codec:${choices.codec}`,
    isOpen(suite.relevantCompressions) && `Compression:${choices.compression}`,
    !suite.reliesOnTls && `TLS:${choices.tls}`,
  ];
  return parts.filter((part) => part !== false).join('/');
}
