import type { JsonFrame } from './json-stream-outgoing.js';

/** One message a line. `application/jsonl` is the same under another name. */
export const NDJSON: JsonFrame = {
  contentType: 'application/x-ndjson; charset=utf-8',
  open: '',
  before: '',
  between: '',
  after: '\n',
  close: '',
  // A blank line is nothing to a reader of lines.
  heartbeat: '\n',
};

export const JSONL: JsonFrame = { ...NDJSON, contentType: 'application/jsonl; charset=utf-8' };
