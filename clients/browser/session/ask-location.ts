import { endpointAt } from '../shared/call-location.js';
import { errorFromResponse } from '../shared/error-from-wire.js';
import type { HttpEndpoint } from '../shared/http-endpoint.js';
import { GATEWAY_DOMAIN, type SluiceError } from '../shared/sluice-error.js';
import { headersFromMetadata } from './http-metadata.js';
import type { Metadata } from './session-frame.js';

/** Asks the gateway for what is at a location, or to do something with it. Rejects with a `SluiceError`, or as `fetch` does. */
export async function askLocation(
  endpoint: HttpEndpoint,
  location: string,
  verb: 'HEAD' | 'DELETE',
  metadata: Metadata,
  signal: AbortSignal,
): Promise<Headers> {
  const at = endpointAt(endpoint, location, verb);
  const headers = headersFromMetadata(metadata);
  const request = await at.post('', { accept: '*/*', headers, timeoutMs: undefined, signal });
  const response = await at.fetch(at.httpUrl(''), request);
  if (!response.ok) throw await errorFromResponse(response);
  return response.headers;
}

/** Whether an error says that there is no call at its location, or not any more (PROTOCOL.md, section 22). */
export function isGone(error: SluiceError | undefined): boolean {
  return error?.domain === GATEWAY_DOMAIN && /^CALL_(NOT_FOUND|GONE)$/.test(error.reason ?? '');
}
