// A room: one bidi stream that sends what you write, and brings what everybody writes.
import type { Call } from '../browser/index.js';
import { client, fail, find, hueOf, make, SERVICE, say } from './scene.js';

interface ChatMessage {
  readonly userId?: string;
  readonly message?: string;
  readonly event?: string;
  readonly timestamp?: string;
  readonly activeUsers?: readonly string[];
}

const MOST_MESSAGES = 500;

const list = find('messages', HTMLElement);
const text = find('text', HTMLInputElement);
const button = find('send', HTMLButtonElement);
let running: Call<ChatMessage> | undefined;

function named(name: string): HTMLElement {
  const made = make('span', { class: 'name' }, name);
  made.style.setProperty('--hue', hueOf(name));
  return made;
}

/** Who is known to be in the room: the service says it when somebody comes or goes, and who writes is there. */
let people = new Set<string>();

function showPeople(names: Iterable<string>): void {
  people = new Set(names);
  find('people', HTMLElement).replaceChildren(...[...people].flatMap((name) => [named(name), ' ']));
}

function show({ userId = '', message = '', event, timestamp = '', activeUsers }: ChatMessage): void {
  const time = make(
    'time',
    { class: 'quiet', datetime: timestamp },
    new Date(timestamp).toLocaleTimeString(),
  );
  if (event === 'CHAT_EVENT_JOINED' || event === 'CHAT_EVENT_LEFT') {
    showPeople(activeUsers ?? []);
    const did = event === 'CHAT_EVENT_JOINED' ? ' has joined' : ' has left';
    list.append(make('li', {}, time, ' ', named(userId), make('span', { class: 'quiet' }, did)));
  } else {
    const old = event === 'CHAT_EVENT_HISTORY' ? make('span', { class: 'quiet' }, ' (before you came)') : '';
    list.append(make('li', {}, time, ' ', named(userId), `: ${message}`, old));
    if (old === '' && !people.has(userId)) showPeople([...people, userId]);
  }
  if (list.childElementCount > MOST_MESSAGES) list.firstElementChild?.remove();
  list.lastElementChild?.scrollIntoView({ block: 'nearest' });
}

function ready(isIn: boolean): void {
  text.disabled = !isIn;
  button.disabled = !isIn;
  if (!isIn) find('people', HTMLElement).replaceChildren('not joined');
}

const from = () => ({
  userId: find('name', HTMLInputElement).value,
  roomId: find('room', HTMLInputElement).value,
});

async function join(): Promise<void> {
  running?.cancel();
  list.replaceChildren();
  const call = client.call<ChatMessage & Record<string, unknown>>(`${SERVICE}/Chat`);
  running = call;
  try {
    // Whoever sends to a room is in it, also without a text.
    await call.send({ ...from(), message: '' });
    ready(true);
    showPeople([from().userId]);
    say(`in ${from().roomId}`);
    text.focus();
    for await (const message of call.messages) show(message);
    if (running === call) say('the room is closed');
  } catch (reason) {
    if (running === call) fail(reason);
  }
  if (running === call) ready(false);
}

find('join', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault();
  void join();
});
find('leave', HTMLButtonElement).addEventListener('click', () => {
  running?.cancel();
  ready(false);
  say('left');
});
find('say', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault();
  running?.send({ ...from(), message: text.value }).catch(fail);
  text.value = '';
});
