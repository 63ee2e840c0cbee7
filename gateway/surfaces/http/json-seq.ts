import type { JsonFrame } from './json-stream-outgoing.js';

/** RS: whatever a reader has of a message that was cut before it ends here. */
const RECORD_SEPARATOR = '\x1e';

/** JSON text sequences: RS before each message and LF after it. Source: RFC 7464. */
export const JSON_SEQ: JsonFrame = {
  contentType: 'application/json-seq',
  open: '',
  before: RECORD_SEPARATOR,
  between: '',
  after: '\n',
  close: '',
  // Section 2.1: several RS in a row are one.
  heartbeat: RECORD_SEPARATOR,
};
