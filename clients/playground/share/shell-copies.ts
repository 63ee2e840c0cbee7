import { metadataOf } from '../json/request-input.js';
import { type CopiedCall, socketUrlOf, urlOf } from './copied-call.js';
import { curlCommand, shellQuote } from './curl-command.js';

export function curlText(call: CopiedCall): string {
  const { kind, headers, messages } = call;
  return curlCommand({ kind, url: urlOf(call), headers, body: messages.join('\n') });
}

/** It sends one message by itself, so it is no way to a client stream, which answers after the half-close. */
export function wscatText(call: CopiedCall): string {
  const headers = Object.entries(call.headers).map(
    ([name, value]) => `-H ${shellQuote(`${name}: ${value}`)}`,
  );
  return [
    `npx wscat -c ${shellQuote(socketUrlOf(call))}`,
    ...headers,
    `-x ${shellQuote(call.messages[0] ?? '{}')}`,
    // Otherwise it closes the connection two seconds after it has sent.
    '-w 3600',
  ].join(' \\\n  ');
}

export function grpcurlText(call: CopiedCall): string {
  const { protocol, host, port, hostname } = new URL(call.gatewayAddress);
  const isPlain = protocol === 'http:';
  const address = port === '' ? `${hostname}:${isPlain ? 80 : 443}` : host;
  const headers = Object.entries(metadataOf(call.headers)).map(
    ([name, value]) => `-H ${shellQuote(`${name}: ${value}`)}`,
  );
  return [
    `grpcurl${isPlain ? ' -plaintext' : ''}`,
    ...headers,
    `-d ${shellQuote(call.messages.join('\n'))}`,
    `${shellQuote(address)} ${shellQuote(call.path.slice(1))}`,
  ].join(' \\\n  ');
}
