import type { JsonFrame } from './json-stream-outgoing.js';

/** All messages in one array, which is whole only when the call ended with OK. */
export const JSON_ARRAY: JsonFrame = {
  contentType: 'application/json; charset=utf-8',
  open: '[',
  before: '',
  between: ',',
  after: '\n',
  close: ']\n',
  // Whitespace between two elements.
  heartbeat: '\n',
};
