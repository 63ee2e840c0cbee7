const TLS_ALERT = '\x15\x03';
const ALERT_LENGTH = '\0\x02';
/** The fourth byte of HTTP/2 is the type of its first frame, SETTINGS (4), so it is never a character. Source: RFC 9113 sections 3.4 and 4.1. */
const TEXT = /^[\t\r\n -~]{4}/;
/** The page that servers send without a status line to a version that they do not know, as Python's `http.server` does. */
const PAGE = /^<[!?a-z]/i;

/** How many bytes it takes to tell. */
const TELLING_BYTES = 9;

/** The first bytes of a peer, until they are known to be HTTP/2. */
export class FirstBytes {
  #text = '';

  /** What the peer speaks instead, as soon as that can be told: the end of "the upstream ...". */
  tell(chunk: Buffer): string | undefined {
    if (this.#text.length >= TELLING_BYTES) return undefined;
    this.#text += Buffer.from(chunk.subarray(0, TELLING_BYTES)).toString('latin1');
    return otherProtocol(this.#text);
  }
}

/**
 * What a peer speaks whose first bytes are not those of HTTP/2, as the end of "the upstream ..."; `undefined` where nothing is known of it. The
 * text has a character for each byte.
 */
export function otherProtocol(first: string): string | undefined {
  const http = /^HTTP\/(\d\.\d)/.exec(first);
  if (http !== null) return `speaks HTTP/${http[1]}, not HTTP/2 (gRPC)`;
  if (TEXT.test(first) && !'HTTP/'.startsWith(first.slice(0, 5))) {
    return PAGE.test(first)
      ? 'speaks HTTP/1.0, not HTTP/2 (gRPC): it sends a page without a status line'
      : 'speaks a protocol of text lines, not HTTP/2 (gRPC)';
  }
  // An alert, for what it takes for a broken handshake. Source: RFC 8446 section 5.1.
  if (first.startsWith(TLS_ALERT) && first.slice(3, 5) === ALERT_LENGTH)
    return 'speaks TLS: see --upstream-tls';
  return undefined;
}
