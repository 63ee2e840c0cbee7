import { scriptFromJson } from '../json/exact-json.js';
import { metadataOf } from '../json/request-input.js';
import { answersStream, type CopiedCall, sendsStream, socketUrlOf, urlOf } from './copied-call.js';

export function fetchText(call: CopiedCall): string {
  const headers = {
    'content-type': sendsStream(call) ? 'application/x-ndjson' : 'application/json',
    accept: answersStream(call) ? 'application/x-ndjson' : 'application/json',
    ...call.headers,
  };
  const lines = [
    `const response = await fetch(${JSON.stringify(urlOf(call))}, {`,
    "  method: 'POST',",
    `  headers: ${JSON.stringify(headers)},`,
    `  body: ${JSON.stringify(call.messages.join('\n'))},`,
    '});',
  ];
  if (!answersStream(call)) return [...lines, 'console.log(await response.json());'].join('\n');
  return [
    ...lines,
    "let rest = '';",
    'const decoder = new TextDecoder();',
    'for await (const bytes of response.body) {',
    '  rest += decoder.decode(bytes, { stream: true });',
    "  const lines = rest.split('\\n');",
    "  rest = lines.pop() ?? '';",
    '  for (const line of lines) if (line) console.log(JSON.parse(line));',
    '}',
  ].join('\n');
}

export function sdkText(call: CopiedCall): string {
  const metadata = metadataOf(call.headers);
  const hasMetadata = Object.keys(metadata).length > 0;
  const method = JSON.stringify(call.path.slice(1));
  const lines = [
    "import { createClient } from 'sluice/browser';",
    '',
    `const client = createClient({ baseUrl: ${JSON.stringify(call.gatewayAddress)} });`,
  ];
  const options = [
    ...(sendsStream(call) ? [] : [`request: ${scriptFromJson(call.messages[0] ?? '{}')}`]),
    ...(hasMetadata ? [`metadata: ${JSON.stringify(metadata)}`] : []),
  ];
  lines.push(
    `const call = client.call(${method}${options.length > 0 ? `, { ${options.join(', ')} }` : ''});`,
  );
  if (sendsStream(call)) {
    for (const message of call.messages) lines.push(`await call.send(${scriptFromJson(message)});`);
    lines.push('await call.end();');
  }
  lines.push(
    answersStream(call)
      ? 'for await (const message of call.messages) console.log(message);'
      : 'console.log(await call.result());',
    'client.close();',
  );
  return lines.join('\n');
}

/** The request goes into the address, as its JSON fields: what EventSource can send. */
export function eventSourceText(call: CopiedCall): string {
  const url = call.query ? `${urlOf(call)}?${call.query}` : urlOf(call);
  return [
    `const events = new EventSource(${JSON.stringify(url)});`,
    'events.onmessage = ({ lastEventId, data }) => console.log(lastEventId, JSON.parse(data));',
    "events.addEventListener('end', () => events.close());",
    "events.addEventListener('error', ({ data }) => data && console.log(JSON.parse(data)));",
  ].join('\n');
}

export function webSocketText(call: CopiedCall): string {
  return [
    `const socket = new WebSocket(${JSON.stringify(socketUrlOf(call))});`,
    'socket.onopen = () => {',
    ...call.messages.map((message) => `  socket.send(${JSON.stringify(message)});`),
    ...(sendsStream(call) ? ["  socket.send(''); // no more messages will come"] : []),
    '};',
    'socket.onmessage = ({ data }) => console.log(JSON.parse(data));',
    'socket.onclose = ({ code, reason }) => console.log(code, reason);',
  ].join('\n');
}
