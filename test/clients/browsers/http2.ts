import { channel } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import type { Browser } from 'puppeteer-core';
import type { Test } from 'tap';
import { createCertificate } from '../../support/certificate.js';
import { bytes, method, openForeign } from '../../support/foreign.js';
import { until } from '../../support/http.js';
import { openTab } from './open-browser.js';

interface SeenByPage {
  /** How the page's own fetch came. */
  readonly protocols: readonly string[];
  readonly socket: readonly string[];
  readonly code: number;
  readonly session: readonly string[];
  readonly events: readonly string[];
}

/** A page that came over TLS speaks HTTP/2 to the gateway: fetch, EventSource, a plain WebSocket and a session, all on one connection. */
export async function checkHttp2(t: Test, browser: Browser): Promise<void> {
  const certificate = createCertificate('localhost', { certificate: createCertificate('ca'), name: 'ca' });
  const item = await bytes({ text: 'here' });
  const { url, upstream, gateway } = await openForeign(
    t,
    {
      Ask: [{ in: 'end' }, { out: item }],
      Down: [{ in: 'end' }, { out: item }, { wait: new Promise(() => {}) }],
      Both: [{ echo: true }],
    },
    { tls: certificate },
  );
  const { port } = new URL(url);
  let connections = 0;
  const sockets = channel('net.server.socket');
  const count = (message: unknown) => {
    const { socket } = message as { readonly socket: Socket };
    if (socket.localPort === Number(port)) connections += 1;
  };
  sockets.subscribe(count);
  t.teardown(() => sockets.unsubscribe(count));

  const page = await openTab(browser);
  await page.goto(`https://localhost:${port}/_sluice/services`);
  await page.evaluate(async (path) => {
    await (
      await fetch(`${path}?text=a`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{}',
      })
    ).text();
  }, method('Ask'));
  const before = connections;
  const seen = (await page.evaluate(
    async (origin, both, down) => {
      const socket = new WebSocket(origin + both);
      const got: string[] = [];
      const code = await new Promise<number>((resolve) => {
        socket.onopen = () => socket.send('{"text":"one"}');
        socket.onmessage = ({ data }) => {
          got.push(data);
          if (got.length < 2) socket.send('{"text":"two"}');
          else socket.close(1000);
        };
        socket.onclose = (event) => resolve(event.code);
      });
      const many = new WebSocket(`${origin}/_sluice/session`, ['sluice.v1.json']);
      const frames: string[] = [];
      await new Promise<void>((resolve) => {
        many.onopen = () => {
          many.send('{"open":{"id":1,"method":"foreign.v1.Foreign/Ask","credit":1}}');
          many.send('{"message":{"id":1,"data":{}}}');
        };
        many.onmessage = ({ data }) => {
          const [name = ''] = Object.keys(JSON.parse(data));
          frames.push(name);
          if (name === 'end') many.close();
        };
        many.onclose = () => resolve();
      });
      const events: string[] = [];
      const source = new EventSource(`${down}?text=a`);
      await new Promise<void>((resolve) => {
        source.onmessage = ({ data }) => {
          events.push(data);
          resolve();
        };
      });
      source.close();
      const protocols = performance
        .getEntriesByType('resource')
        .map((entry) => (entry as unknown as { readonly nextHopProtocol: string }).nextHopProtocol);
      return { socket: got, code, session: frames, events, protocols: [...new Set(protocols)] };
    },
    `wss://localhost:${port}`,
    method('Both'),
    method('Down'),
  )) as SeenByPage;
  t.same(seen.socket, ['{"text":"one"}', '{"text":"two"}'], 'a plain WebSocket');
  t.equal(seen.code, 1000);
  t.ok(seen.session.includes('message') && seen.session.at(-1) === 'end', `a session: ${seen.session}`);
  t.same(seen.events, ['{"text":"here"}'], 'an EventSource');
  t.ok(
    seen.protocols.length > 0 && seen.protocols.every((name) => name === 'h2' || name === ''),
    `${seen.protocols}`,
  );
  t.equal(connections, before, 'WebSockets open on the connection that is there');
  await until(t, 'no exchange to be open', () => gateway.openExchanges === 0);
  await until(t, 'the call of who has left to be cancelled', () =>
    upstream.calls(method('Down')).every(({ cancelled }) => cancelled),
  );
  await page.close();
}
