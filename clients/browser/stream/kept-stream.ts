import type { HttpEndpoint } from '../shared/http-endpoint.js';
import { type JsonObject, stringifyJson } from '../shared/json.js';
import { keepingPlace, openKeptPlace } from '../shared/kept-place.js';
import { openServerStream, type ServerStream } from './server-stream.js';
import type { StreamOptions } from './stream-options.js';

/** The options of `serverStream` and `joinStream` of the whole client. */
export interface KeptStreamOptions extends StreamOptions {
  /** See `CallOptions.keepCursor`. */
  readonly keepCursor?: string;
}

/** As `openServerStream`; with `keepCursor` the place of the stream is kept. */
export function openKeptStream<Message extends JsonObject>(
  endpoint: HttpEndpoint,
  method: string,
  request: unknown,
  { keepCursor, ...options }: KeptStreamOptions,
): ServerStream<Message> {
  if (keepCursor === undefined) return openServerStream(endpoint, method, request, options);
  const place = openKeptPlace(keepCursor, `${endpoint.httpUrl(method)} ${stringifyJson(request)}`);
  const lastEventId = place.cursor || (options.lastEventId ?? '');
  const stream = openServerStream<Message>(endpoint, method, request, { ...options, lastEventId });
  return {
    ...keepingPlace(place, stream, () => stream.lastEventId),
    get lastEventId() {
      return stream.lastEventId;
    },
    get location() {
      return stream.location;
    },
  };
}
