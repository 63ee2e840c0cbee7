import { once } from 'node:events';
import { type EventSourceMessage, fetchEventSource } from '@microsoft/fetch-event-source';
import t from 'tap';
import { createSseParser } from '../../../../clients/browser/stream/sse-parser.js';
import { bytes, type Foreign, method, openForeign } from '../../../support/foreign.js';
import { open } from '../../../support/http.js';
import type { Step } from '../../../support/scripted-upstream.js';

/*
 * Clients in the field are less than the standard: they make a message of every blank line, whatever stood before it. What the
 * gateway sends must be the same to all of them.
 */

/** How @microsoft/fetch-event-source, and others like it, read: a blank line ends a message, and only a blank line. */
function literalMessages(text: string): { event: string; data: string }[] {
  const messages = [];
  let message = { event: '', data: '' };
  for (const line of text.split(/\r\n|\n|\r/).slice(0, -1)) {
    if (line === '') {
      messages.push(message);
      message = { event: '', data: '' };
    } else if (line.startsWith('data: ')) message.data += (message.data && '\n') + line.slice(6);
    else if (line.startsWith('event: ')) message.event = line.slice(7);
  }
  return messages;
}

/** How httpx-sse reads: the last id sticks, and a blank line is a message as soon as there has been one. */
function stickyMessages(text: string): { event: string; data: string }[] {
  const messages = [];
  let [event, data, id, retry] = ['', '', '', ''];
  for (const line of text.split(/\r\n|\n|\r/).slice(0, -1)) {
    if (line.startsWith(':')) continue;
    const [name, value] = line.split(/: ?(.*)/s);
    if (name === 'data') data += (data && '\n') + value;
    if (name === 'event') event = value ?? '';
    if (name === 'id') id = value ?? '';
    if (name === 'retry') retry = value ?? '';
    if (line !== '' || !(event || data || id || retry)) continue;
    messages.push({ event, data });
    [event, data, retry] = ['', '', ''];
  }
  return messages;
}

function standardMessages(text: string): { event: string; data: string }[] {
  const events = createSseParser().push(Buffer.from(text));
  return events.map(({ type, data }) => ({ event: type === 'message' ? '' : type, data }));
}

const pause = (): Step => ({ pauseMs: 250 });

interface Scene {
  readonly script: readonly Step[];
  readonly events: readonly string[];
  readonly drains?: boolean;
}

/** Every way in which a stream speaks and ends, each with silences that heartbeats fill. */
async function scenes(): Promise<Record<string, Scene>> {
  const out = { out: await bytes({ text: '1' }) };
  const begin: Step[] = [{ in: 'end' }, pause()];
  return {
    'a silence, then the end': { script: begin, events: ['end'] },
    'messages between silences': {
      script: [...begin, out, pause(), out, pause()],
      events: ['', '', 'end'],
    },
    'a final failure': {
      script: [...begin, out, pause(), { status: 'NOT_FOUND', message: 'a\nb' }],
      events: ['', 'error'],
    },
    'a failure to come back from': {
      script: [...begin, out, pause(), { status: 'ABORTED' }],
      events: ['', 'error'],
    },
    'a gateway that leaves': {
      script: [...begin, out, { wait: new Promise(() => {}) }],
      events: [''],
      drains: true,
    },
  };
}

const OPTIONS = { limits: { headWaitMs: 10, heartbeatMs: 30 }, graceMs: 2_000 };

function openScene(t: Parameters<typeof openForeign>[0], { script }: Scene): Promise<Foreign> {
  return openForeign(t, { Numbered: script }, OPTIONS);
}

t.test('every blank line ends an event that has data, however a client reads', async (t) => {
  for (const [name, scene] of Object.entries(await scenes())) {
    const { url, gateway } = await openScene(t, scene);
    const { response } = await open(url + method('Numbered'), { headers: { accept: 'text/event-stream' } });
    let text = '';
    response.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
      if (scene.drains && text.includes('data: ')) void gateway.close();
    });
    await once(response, 'end');
    t.match(text, /^: stream\n/, `${name}: begins with a comment`);
    t.match(text, /^: heartbeat$/m, `${name}: there were heartbeats`);
    const readers = { literalMessages, stickyMessages, standardMessages };
    for (const [reader, messages] of Object.entries(readers)) {
      t.same(
        messages(text).map(({ event }) => event),
        scene.events,
        `${name}, ${reader}`,
      );
      for (const { data } of messages(text)) t.doesNotThrow(() => JSON.parse(data), `${name}, ${reader}`);
    }
  }
});

t.test('@microsoft/fetch-event-source gets messages and nothing else', async (t) => {
  // It asks a page for these two.
  const page = { window: globalThis, document: { removeEventListener: () => {} } };
  Object.assign(globalThis, page);
  t.teardown(() => {
    for (const name of Object.keys(page)) Reflect.deleteProperty(globalThis, name);
  });
  for (const [name, scene] of Object.entries(await scenes())) {
    const { url, gateway } = await openScene(t, scene);
    const seen: EventSourceMessage[] = [];
    await fetchEventSource(url + method('Numbered'), {
      openWhenHidden: true,
      onmessage: (message) => {
        seen.push(message);
        if (scene.drains) void gateway.close();
      },
      onerror: (reason) => {
        throw reason;
      },
    });
    t.same(
      seen.map(({ event }) => event),
      scene.events,
      name,
    );
    for (const { data } of seen) t.doesNotThrow(() => JSON.parse(data), name);
  }
});
