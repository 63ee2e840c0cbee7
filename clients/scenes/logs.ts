// A log that is followed. While the page holds it takes no entry, so the service has to wait: nothing is lost.
import type { Call } from '../browser/index.js';
import { client, fail, find, make, SERVICE, say } from './scene.js';

interface LogEntry {
  readonly service: string;
  readonly level: string;
  readonly message: string;
  readonly timestamp: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** The oldest entries leave the page, so that a log of days does not fill it. */
const MOST_ROWS = 500;

const CLASSES: Readonly<Record<string, string>> = { ERROR: 'bad', WARN: 'warn', DEBUG: 'quiet' };

const entries = find('entries', HTMLElement);
const hold = find('hold', HTMLButtonElement);
let running: Call<LogEntry> | undefined;
let goOn: (() => void) | undefined;

function show({ service, level, message, timestamp, metadata = {} }: LogEntry): void {
  const more = Object.entries(metadata).map(([name, value]) => ` ${name}=${value}`);
  const row = make(
    'tr',
    {},
    make('td', { class: 'time' }, new Date(timestamp).toLocaleTimeString()),
    make('td', { class: CLASSES[level] ?? 'good' }, level),
    make('td', {}, service),
    make('td', {}, message, make('span', { class: 'quiet' }, ...more)),
  );
  entries.prepend(row);
  if (entries.childElementCount > MOST_ROWS) entries.lastElementChild?.remove();
}

/** Resolves at once, or when the page is no longer held. */
function released(): Promise<void> | undefined {
  if (hold.getAttribute('aria-pressed') !== 'true') return undefined;
  return new Promise((resolve) => {
    goOn = resolve;
  });
}

async function tail(): Promise<void> {
  running?.cancel();
  entries.replaceChildren();
  const request = {
    level: find('level', HTMLSelectElement).value,
    service: find('service', HTMLInputElement).value,
    follow: find('follow', HTMLInputElement).checked,
  };
  const call = client.call<LogEntry & Record<string, unknown>>(`${SERVICE}/StreamLogs`, { request });
  running = call;
  say(request.follow ? 'following' : 'reading');
  try {
    for await (const entry of call.messages) {
      show(entry);
      await released();
    }
    say(`the log ended after ${entries.childElementCount} entries`);
  } catch (reason) {
    if (running === call) fail(reason);
  }
}

find('tail', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault();
  void tail();
});
hold.addEventListener('click', () => {
  const isHeld = hold.getAttribute('aria-pressed') !== 'true';
  hold.setAttribute('aria-pressed', String(isHeld));
  say(isHeld ? 'held: the service waits' : 'following');
  if (!isHeld) goOn?.();
});
void tail();
