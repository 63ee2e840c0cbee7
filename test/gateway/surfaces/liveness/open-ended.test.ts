import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import t, { type Test } from 'tap';
import { bytes, type Foreign, method, openForeign } from '../../../support/foreign.js';
import { http, until } from '../../../support/http.js';
import { proxyMissing, startHaproxy, startNginx } from '../../../support/proxies.js';
import type { Step } from '../../../support/scripted-upstream.js';

/*
 * A body without a length and without chunks (HTTP/1.0) is whole when its connection ends with a FIN. One that is not whole must
 * therefore end with a reset, whatever cut it.
 */

const noCurl = spawnSync('curl', ['-V']).status === 0 ? false : 'there is no curl here';
const never = new Promise<never>(() => {});

/** Streamed surfaces: where they are, and what of a message is in their body. */
const SURFACES = {
  ndjson: { accept: 'application/x-ndjson', path: method('Plain'), told: true },
  array: { accept: 'application/json', path: method('Plain'), told: true },
  'json-seq': { accept: 'application/json-seq', path: method('Plain'), told: true },
  sse: { accept: 'text/event-stream', path: method('Plain'), told: false },
  download: { accept: '*/*', path: '/foreign/files/a', told: false },
  'download by wish': { accept: 'application/octet-stream', path: method('Plain'), told: false },
} as const;

interface Answer {
  readonly head: string;
  readonly body: string;
  /** How the connection ended. */
  readonly end: 'FIN' | 'reset';
}

/** One request as HTTP/1.0, by hand. `onBody` is called when there is some. */
async function http10(url: string, path: string, accept: string, onBody = () => {}): Promise<Answer> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.write(`GET ${path} HTTP/1.0\r\naccept: ${accept}\r\n\r\n`);
  let text = '';
  let hasBody = false;
  socket.setEncoding('latin1').on('data', (chunk) => {
    text += chunk;
    if (hasBody || !text.includes(PAYLOAD)) return;
    hasBody = true;
    onBody();
  });
  let end: Answer['end'] = 'FIN';
  socket.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'ECONNRESET') end = 'reset';
  });
  await new Promise((resolve) => socket.once('close', resolve));
  const at = text.indexOf('\r\n\r\n');
  return { head: text.slice(0, at), body: text.slice(at + 4), end };
}

/** The content of one message, in base64 as well. */
const PAYLOAD = 'aaaa';

async function messages(): Promise<Step[]> {
  const content = Buffer.from(PAYLOAD.repeat(10), 'base64').toString('base64');
  const out = await bytes({ content }, 'Piece');
  // As text in a download, as base64 elsewhere: both hold the payload.
  const text = await bytes({ content: Buffer.from(PAYLOAD).toString('base64') }, 'Piece');
  return [{ in: 'end' }, { out }, { out: text }];
}

/** Opens a gateway whose both streams have the same script. */
function openStreams(t: Test, script: readonly Step[], options = {}): Promise<Foreign> {
  return openForeign(t, { Plain: script, Fetch: script }, options);
}

t.test('a whole body ends with a FIN', async (t) => {
  const { url } = await openStreams(t, await messages());
  for (const [name, { path, accept }] of Object.entries(SURFACES)) {
    const { head, body, end } = await http10(url, path, accept);
    t.match(head, /^HTTP\/1\.1 200/, name);
    t.notMatch(head, /transfer-encoding|content-length/i, name);
    t.ok(body.includes(PAYLOAD), name);
    t.equal(end, 'FIN', name);
  }
});

t.test('a failure in the middle ends with a reset, behind what was sent', async (t) => {
  const { url } = await openStreams(t, [
    ...(await messages()),
    { pauseMs: 50 },
    { status: 'DATA_LOSS', message: 'gone' },
  ]);
  for (const [name, { path, accept, told }] of Object.entries(SURFACES)) {
    const { body, end } = await http10(url, path, accept);
    t.ok(body.includes(PAYLOAD), `${name}: what came before`);
    t.equal(body.includes('DATA_LOSS'), told || name === 'sse', `${name}: the last element`);
    t.equal(end, name === 'sse' ? 'FIN' : 'reset', name);
  }
});

t.test('so does a gateway that leaves', async (t) => {
  for (const [name, { path, accept, told }] of Object.entries(SURFACES)) {
    const { url, gateway } = await openStreams(t, [...(await messages()), { wait: never }], { graceMs: 300 });
    const { body, end } = await http10(url, path, accept, () => void gateway.close());
    if (told) t.match(body, 'UNAVAILABLE', name);
    // An EventSource comes back after any end, and other readers of events look for the event `end`.
    t.equal(end, name === 'sse' ? 'FIN' : 'reset', name);
  }
});

t.test('so does a client that takes nothing for too long', { skip: noCurl }, async (t) => {
  const content = Buffer.alloc(1_000_000, 1).toString('base64');
  const out = await bytes({ content }, 'Piece');
  const script: Step[] = [{ in: 'end' }, { out, times: 200 }];
  const { url, gateway } = await openStreams(t, script, { limits: { maxPauseMs: 300 } });
  for (const [name, { path, accept }] of Object.entries(SURFACES)) {
    // A stopped process takes nothing, and sees a reset when it goes on; a socket that Node has paused would see an end.
    const curl = spawn('curl', ['-0', '-s', '-N', '-H', `accept: ${accept}`, url + path]);
    const exit = once(curl, 'close');
    await once(curl.stdout, 'data');
    curl.kill('SIGSTOP');
    curl.stdout.resume();
    await until(t, 'the exchange to be cut', () => gateway.openExchanges === 0);
    curl.kill('SIGCONT');
    const [code] = await exit;
    t.equal(code, 56, name);
  }
});

t.test('curl -0 fails on a cut body, and not on a whole one', { skip: noCurl }, async (t) => {
  const fail: Step[] = [{ pauseMs: 50 }, { status: 'INTERNAL' }];
  for (const [ending, exit] of [
    [[], 0],
    [fail, 56],
  ] as const) {
    const { url } = await openStreams(t, [...(await messages()), ...ending]);
    for (const [name, { path, accept }] of Object.entries(SURFACES)) {
      if (name === 'sse') continue;
      const curl = spawn('curl', ['-0', '-s', '-o', '/dev/null', '-H', `accept: ${accept}`, url + path]);
      const [code] = await once(curl, 'close');
      t.equal(code, exit, name);
    }
  }
});

/** Proxies as far as they forward: with HTTP/1.0 as nginx does by default, and with HTTP/1.1. */
const PROXIES = {
  'nginx, HTTP/1.0': {
    missing: proxyMissing('nginx'),
    start: (t: Test, target: string) =>
      startNginx(t, (port) => `server { listen 127.0.0.1:${port}; location / { proxy_pass ${target}; } }`),
  },
  'nginx, HTTP/1.1': {
    missing: proxyMissing('nginx'),
    start: (t: Test, target: string) =>
      startNginx(
        t,
        (port) =>
          `server { listen 127.0.0.1:${port}; location / { proxy_http_version 1.1; proxy_set_header Connection ""; proxy_pass ${target}; } }`,
      ),
  },
  haproxy: {
    missing: proxyMissing('haproxy'),
    start: (t: Test, target: string) =>
      startHaproxy(
        t,
        (port) => `defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
frontend in
  bind 127.0.0.1:${port}
  default_backend gateways
backend gateways
  server one ${new URL(target).host}`,
      ),
  },
};

for (const [name, { missing, start }] of Object.entries(PROXIES)) {
  t.test(`a client behind ${name} sees the cut`, { skip: missing }, async (t) => {
    const fail: Step[] = [{ pauseMs: 50 }, { status: 'INTERNAL' }];
    for (const ending of [[], fail]) {
      const { url } = await openStreams(t, [...(await messages()), ...ending]);
      const proxy = await start(t, url);
      for (const [surface, { path, accept }] of Object.entries(SURFACES)) {
        if (surface === 'sse') continue;
        const { status, complete, text } = await http(proxy.url + path, { headers: { accept } });
        t.equal(status, 200, surface);
        // What nginx buffers (all but streams of messages) goes with the reset.
        if (accept === SURFACES.ndjson.accept) t.ok(text.includes(PAYLOAD), `${surface}: what came before`);
        t.equal(complete, ending.length === 0, surface);
      }
    }
  });
}
