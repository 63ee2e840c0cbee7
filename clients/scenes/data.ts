// A numbered stream: a brake that reaches the service, and a connection that can be cut without a loss.
import { type Call, createClient } from '../browser/index.js';
import { fail, find, GATEWAY, make, SERVICE, say } from './scene.js';

interface Item {
  readonly id: number;
  readonly data: string;
}

const PACES = [
  { name: 'stopped', waitMs: Number.POSITIVE_INFINITY },
  { name: '1 a second', waitMs: 1_000 },
  { name: '10 a second', waitMs: 100 },
  { name: '100 a second', waitMs: 10 },
  { name: 'full speed', waitMs: 0 },
] as const;

const MOST_ITEMS = 200;

/** The sockets of the client, to be cut as a network would. */
const sockets = new Set<WebSocket>();
class CuttableSocket extends WebSocket {
  constructor(url: string | URL, protocols?: string | string[]) {
    super(url, protocols);
    sockets.add(this);
    this.addEventListener('close', () => sockets.delete(this));
  }
}

const client = createClient({
  baseUrl: GATEWAY,
  WebSocket: CuttableSocket,
  session: { reconnectBaseMs: 200 },
});
const brake = find('brake', HTMLInputElement);
const items = find('items', HTMLElement);
const text = (id: string, value: string | number) => {
  find(id, HTMLElement).textContent = String(value);
};
let running: Call<Item> | undefined;
let released: (() => void) | undefined;

const pace = () => PACES[brake.valueAsNumber] ?? PACES[4];

/** What the page does with an item takes so long, and the service waits for it. */
async function held(): Promise<void> {
  for (let { waitMs } = pace(); waitMs > 0; { waitMs } = pace()) {
    const changed = new Promise<'changed'>((resolve) => {
      released = () => resolve('changed');
    });
    if (waitMs === Number.POSITIVE_INFINITY) await changed;
    else if (
      (await Promise.race([changed, new Promise((resolve) => setTimeout(resolve, waitMs))])) !== 'changed'
    )
      return;
  }
}

async function start(): Promise<void> {
  running?.cancel();
  items.replaceChildren();
  const first = find('after', HTMLInputElement).valueAsNumber;
  const seen = { last: first, taken: 0, missing: 0, twice: 0 };
  let resumedAfter: number | undefined;
  const call = client.call<Item & Record<string, unknown>>(`${SERVICE}/GetDataStream`, {
    request: { startFromId: first },
    onReconnect: () => {
      resumedAfter = seen.last;
      text('resumed', `after ${seen.last}, waiting for the next`);
    },
  });
  running = call;
  say('streaming');
  try {
    for await (const { id, data } of call.messages) {
      if (id <= seen.last) seen.twice += 1;
      else seen.missing += id - seen.last - 1;
      seen.last = id;
      seen.taken += 1;
      if (resumedAfter !== undefined) text('resumed', `after ${resumedAfter}, with ${id}`);
      resumedAfter = undefined;
      for (const [name, value] of Object.entries(seen)) text(name, value);
      items.prepend(make('li', {}, `${id}: ${data}`));
      if (items.childElementCount > MOST_ITEMS) items.lastElementChild?.remove();
      await held();
    }
  } catch (reason) {
    if (running === call) fail(reason);
  }
}

find('start', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault();
  void start();
});
find('stop', HTMLButtonElement).addEventListener('click', () => {
  running?.cancel();
  say('stopped');
});
find('cut', HTMLButtonElement).addEventListener('click', () => {
  for (const socket of sockets) socket.close();
  say('the connection is cut');
});
brake.addEventListener('input', () => {
  text('pace', pace().name);
  released?.();
});
