import { hasRegisteredProvider, type TracingOptions } from '../../gateway/index.js';
import { SettingsError } from '../options/index.js';
import { readVersion } from '../version.js';

/** A header and its value of `OTEL_EXPORTER_OTLP_HEADERS`: RFC 9110 names, and values of one line. */
const HEADER_NAME = /^[!#$%&'*+.^_`|~\w-]{1,128}$/;
const HEADER_VALUE = /^[\t\x20-\x7e]*$/;

/**
 * What of a command line and an environment is about traces: `--otlp-endpoint`, or else a provider of OpenTelemetry that something has registered before us,
 * as `node --import` does. `undefined`: no traces. Throws `SettingsError` that names the variable, and never its value.
 */
export function tracingOf(
  { otlpEndpoint, traceRatio }: { readonly otlpEndpoint: string | undefined; readonly traceRatio: number },
  environment: NodeJS.ProcessEnv,
): TracingOptions | undefined {
  const version = readVersion();
  if (otlpEndpoint === undefined) {
    return hasRegisteredProvider() ? { isRegistered: true, version } : undefined;
  }
  return {
    endpoint: otlpEndpoint,
    ratio: traceRatio,
    version,
    headers: {
      ...headersOf('OTEL_EXPORTER_OTLP_HEADERS', environment),
      ...headersOf('OTEL_EXPORTER_OTLP_TRACES_HEADERS', environment),
    },
    resource: resourceOf(environment),
  };
}

/** Source: the specification of OTLP's exporters, which says that these are as baggage is. */
function headersOf(variable: string, environment: NodeJS.ProcessEnv): Record<string, string> {
  const headers = pairsOf(variable, environment);
  for (const [name, value] of Object.entries(headers)) {
    if (HEADER_NAME.test(name) && HEADER_VALUE.test(value)) continue;
    throw new SettingsError(`${variable}: ${JSON.stringify(name)} or its value cannot be a header`);
  }
  return headers;
}

/** Source: the specification of OpenTelemetry, resources from the environment. */
function resourceOf(environment: NodeJS.ProcessEnv): Record<string, string> {
  const resource = pairsOf('OTEL_RESOURCE_ATTRIBUTES', environment);
  const name = environment.OTEL_SERVICE_NAME ?? '';
  return name === '' ? resource : { ...resource, 'service.name': name };
}

/** "a=b,c=d%20e" by name. */
function pairsOf(variable: string, environment: NodeJS.ProcessEnv): Record<string, string> {
  const pairs: Record<string, string> = {};
  for (const entry of (environment[variable] ?? '').split(',')) {
    if (entry.trim() === '') continue;
    const equals = entry.indexOf('=');
    try {
      if (equals <= 0) throw new TypeError('no name');
      pairs[entry.slice(0, equals).trim()] = decodeURIComponent(entry.slice(equals + 1).trim());
    } catch {
      throw new SettingsError(`${variable}: write it like name=value,other=value, percent-encoded`);
    }
  }
  return pairs;
}
