import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request as it came, and its answer to be written. */
export interface Received {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly body: string;
}

export type Script = (received: Received) => void | Promise<void>;

/** A server on a free port that answers the first request by the first script, and so on; the last one answers all that follow. */
export async function openScriptedServer(scripts: readonly Script[]) {
  const received: Received[] = [];
  const arrivals = new EventEmitter();
  const server = createServer(async (request, response) => {
    const script = scripts[Math.min(received.length, scripts.length - 1)];
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      // A client whose time was over before its body was here.
      return;
    }
    const one = { request, response, body: Buffer.concat(chunks).toString() };
    received.push(one);
    arrivals.emit('request');
    await script?.(one);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    /** Resolves when this many requests have arrived. */
    async arrived(count: number) {
      while (received.length < count) await once(arrivals, 'request');
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Sends the head of an event stream and these texts, and leaves it open. */
export function sendEvents(response: ServerResponse, ...texts: readonly string[]): void {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
  response.write(': hello\n\n');
  for (const text of texts) response.write(text);
}

/** A message with a cursor. */
export function message(id: number): string {
  return `id: ${id}\ndata: ${JSON.stringify({ id })}\n\n`;
}

export const endEvent =
  'event: end\nid: ~end\ndata: {"status":{"code":0,"message":"","details":[]},"trailers":{"x-left":"3"}}\n\n';

/** A failed stream; a final error carries an id of its own. */
export function errorEvent(status: string, httpStatus: number, final: boolean, truncated = false): string {
  const error = { code: httpStatus, status, message: `it is ${status}`, details: [{ '@type': 'x/y' }] };
  return `event: error\n${final ? 'id: ~end\n' : 'retry: 1\n'}data: ${JSON.stringify({ error, truncated })}\n\n`;
}
