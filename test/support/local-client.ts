import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { type HttpAnswer, type HttpOptions, read } from './http.js';

/** Loopback addresses that are other clients to a gateway. Linux gives all of 127.0.0.0/8 to the loopback interface. */
export const FIRST = '127.0.0.1';
export const SECOND = '127.0.0.2';
export const THIRD = '127.0.0.3';

/** A request from one of those addresses, on a connection of its own, whose body is still open. */
export function sendFrom(localAddress: string, url: string, options: HttpOptions = {}): ClientRequest {
  const sent = request(url, {
    method: options.method ?? (options.body === undefined ? 'GET' : 'POST'),
    headers: options.headers ?? {},
    agent: false,
    localAddress,
  });
  sent.on('error', () => {});
  return sent;
}

/** Its head, or the code of the error that came instead of one. */
export function headOrError(sent: ClientRequest): Promise<IncomingMessage | string> {
  return new Promise((resolve) => {
    sent.once('response', resolve);
    sent.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

/** A whole request and its whole answer; a string is the error of a connection that was not served. */
export async function httpFrom(
  localAddress: string,
  url: string,
  options: HttpOptions = {},
): Promise<HttpAnswer | string> {
  const sent = sendFrom(localAddress, url, options);
  sent.end(options.body ?? undefined);
  const head = await headOrError(sent);
  return typeof head === 'string' ? head : await read(head);
}
