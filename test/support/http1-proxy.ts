import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Test } from 'tap';

/** A proxy that knows HTTP/1.1 alone, in front of a server of loopback; both bodies pass as they come. */
export interface Http1Proxy {
  readonly url: string;
  /** Of the requests that came, in order: their content types. */
  readonly contentTypes: readonly string[];
}

/** Opens it. The teardown closes it. */
export async function openHttp1Proxy(t: Test, to: string): Promise<Http1Proxy> {
  const { hostname, port } = new URL(to);
  const contentTypes: string[] = [];
  const server = createServer((asked, answer) => {
    contentTypes.push(asked.headers['content-type'] ?? '');
    const { method, url, headers } = asked;
    const onward = request({ host: hostname, port, method, path: url, headers }, (found) => {
      answer.writeHead(found.statusCode ?? 502, found.headers);
      answer.flushHeaders();
      found.on('error', () => answer.destroy());
      found.pipe(answer);
    });
    onward.on('error', () => answer.destroy());
    answer.on('close', () => onward.destroy());
    onward.flushHeaders();
    asked.pipe(onward);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, contentTypes };
}
