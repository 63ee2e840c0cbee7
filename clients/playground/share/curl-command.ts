import { compactJson } from '../json/exact-json.js';
import type { Kind } from '../schema/services.js';

export interface CurlRequest {
  readonly kind: Kind;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The text of the editor. */
  readonly body: string;
}

const MEDIA: Record<Kind, { readonly type: string; readonly accept: string }> = {
  unary: { type: 'application/json', accept: 'application/json' },
  server_stream: { type: 'application/json', accept: 'text/event-stream' },
  client_stream: { type: 'application/x-ndjson', accept: 'application/json' },
  bidi_stream: { type: 'application/x-ndjson', accept: 'application/x-ndjson' },
};

/** The same call as a command for a POSIX shell. A stream of requests is sent as NDJSON with this one message. */
export function curlCommand({ kind, url, headers, body }: CurlRequest): string {
  const { type, accept } = MEDIA[kind];
  const all = { 'content-type': type, accept, ...headers };
  return [
    // -N: otherwise curl holds back a stream until its own buffer is full.
    `curl ${kind === 'unary' || kind === 'client_stream' ? '' : '-N '}${shellQuote(url)}`,
    // "name:" would take the header away.
    ...Object.entries(all).map(
      ([name, value]) => `-H ${shellQuote(value === '' ? `${name};` : `${name}: ${value}`)}`,
    ),
    // Not --data-binary: a body that begins with @ would name a file.
    `--data-raw ${shellQuote(compactJson(body) ?? body)}`,
  ].join(' \\\n  ');
}

/** A text as one word of a POSIX shell, whatever it contains. */
export function shellQuote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
