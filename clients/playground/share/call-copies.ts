import { onOneLine } from './call-link.js';
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
  const compact = { ...call, messages: call.messages.map((text) => onOneLine(text) ?? text) };
  const { kind } = call;
  const copies: CallCopy[] = [
    { id: 'curl', name: 'curl', where: 'in a shell', text: curlText(compact) },
    {
      id: 'fetch',
      name: 'fetch',
      where: 'in a module of JavaScript, in Node or a page',
      text: fetchText(compact),
    },
    {
      id: 'sdk',
      name: 'SDK',
      where: 'in a module of JavaScript, with the package sluice',
      text: sdkText(compact),
    },
  ];
  if (kind === 'server_stream' && call.query !== undefined)
    copies.push({
      id: 'eventsource',
      name: 'EventSource',
      where: 'in a page',
      text: eventSourceText(compact),
    });
  copies.push(
    { id: 'websocket', name: 'WebSocket', where: 'in a page, or in Node 22', text: webSocketText(compact) },
    ...(kind === 'client_stream'
      ? []
      : [{ id: 'wscat', name: 'wscat', where: 'in a shell', text: wscatText(compact) }]),
    {
      id: 'grpcurl',
      name: 'grpcurl',
      where: 'in a shell; the gateway answers gRPC and reflection itself',
      text: grpcurlText(compact),
    },
  );
  return copies;
}
