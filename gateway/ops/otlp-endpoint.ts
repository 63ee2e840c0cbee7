const TRACES_PATH = '/v1/traces';

/**
 * Checks where traces go. Throws a TypeError that says how to write it: it stands in logs, so it holds no credentials, and no query, which
 * may be one.
 */
export function parseOtlpEndpoint(endpoint: string): URL {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new TypeError('write it like http://127.0.0.1:4318 or https://collector.example.com');
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new TypeError(
      'it has no user, query or fragment: credentials come from OTEL_EXPORTER_OTLP_HEADERS',
    );
  }
  return url;
}

/** Where the spans of an endpoint go: its path and `/v1/traces`, unless it says that already. Source: the specification of OTLP's exporters. */
export function tracesUrl(endpoint: string): URL {
  const url = parseOtlpEndpoint(endpoint);
  const path = url.pathname.replace(/\/$/, '');
  url.pathname = path.endsWith(TRACES_PATH) ? path : path + TRACES_PATH;
  return url;
}
