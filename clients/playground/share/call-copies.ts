import { compactJson } from '../json/exact-json.js';
import type { CopiedCall } from './copied-call.js';
import { eventSourceText, fetchText, sdkText, webSocketText } from './script-copies.js';
import { curlText, grpcurlText, wscatText } from './shell-copies.js';

export interface CallCopy {
  readonly id: string;
  readonly name: string;
  /** What it is pasted into. */
  readonly where: string;
  readonly text: string;
}

/** The same call in other programs, each complete: pasted as it is, it runs. */
export function callCopies(call: CopiedCall): CallCopy[] {
  const { kind, query } = call;
  const compact = { ...call, messages: call.messages.map((text) => compactJson(text) ?? text) };
  return COPIES.filter(({ id }) => {
    if (id === 'eventsource') return kind === 'server_stream' && query !== undefined;
    return id !== 'wscat' || kind !== 'client_stream';
  }).map(({ textOf, ...copy }) => ({ ...copy, text: textOf(compact) }));
}

const COPIES = [
  { id: 'curl', name: 'curl', where: 'in a shell', textOf: curlText },
  { id: 'fetch', name: 'fetch', where: 'in a module of JavaScript, in Node or a page', textOf: fetchText },
  { id: 'sdk', name: 'SDK', where: 'in a module of JavaScript, with the package sluice', textOf: sdkText },
  { id: 'eventsource', name: 'EventSource', where: 'in a page', textOf: eventSourceText },
  { id: 'websocket', name: 'WebSocket', where: 'in a page, or in Node 22', textOf: webSocketText },
  { id: 'wscat', name: 'wscat', where: 'in a shell', textOf: wscatText },
  {
    id: 'grpcurl',
    name: 'grpcurl',
    where: 'in a shell; the gateway answers gRPC and reflection itself',
    textOf: grpcurlText,
  },
];
