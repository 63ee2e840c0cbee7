import { openFakeSession, settle } from './fake-session.js';
import type { FakeCall } from './fakes.js';

// Every order in which things can happen to a few calls of a session, not only random ones. A session cannot be copied, so a state is
// reached by doing again what led to it; states that are alike in all that decides what comes next are visited once.

/** The messages of the service in each call, as protobuf: an Item with a number, which crosses the first byte of credit, and an empty one. */
const MESSAGES = [Buffer.from([0x10, 1]), Buffer.alloc(0)];
const NUMBERS = [1, 0];
const TOTAL_BYTES = 2;
const CALLS = 3;

/**
 * What can happen: a service sends the next message, and its end right behind the last one; a client grants what is missing for all
 * messages, once, in the one frame; the client takes what waits, up to the next message.
 */
type Step = readonly ['take'] | readonly [event: 'emit' | 'grant', call: number];

/** What calls begin with. `bytes` 0: they do not count them. */
export interface FirstCredit {
  readonly messages: number;
  readonly bytes: number;
}

/** One call as its client and its service know it. */
interface Walked {
  emitted: number;
  granted: boolean;
  messages: number;
  bytes: number;
  got: number;
  gotBytes: number;
  /** Messages that have been written to the socket. */
  written: number;
  ends: number;
}

type Frame = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** A session with its calls, in one state of the walk. */
class Position {
  readonly path: Step[] = [];
  readonly #fake = openFakeSession('sluice.v1.json', { highWaterBytes: 1, firstFrameMs: 60_000 });
  readonly #calls: Walked[];
  /** Calls that may write and wait for the socket, in the order in which they came. */
  #standing: number[] = [];
  #frames: { readonly name: string; readonly call: number }[] = [];

  constructor(first: FirstCredit) {
    this.#calls = Array.from({ length: CALLS }, () => ({
      emitted: 0,
      granted: false,
      messages: first.messages,
      bytes: first.bytes || Number.POSITIVE_INFINITY,
      got: 0,
      gotBytes: 0,
      written: 0,
      ends: 0,
    }));
  }

  static async open(first: FirstCredit): Promise<Position> {
    const position = new Position(first);
    for (let call = 0; call < CALLS; call += 1) {
      position.#send({
        open: {
          id: call + 1,
          method: 'foreign.v1.Foreign/Down',
          credit: first.messages,
          creditBytes: first.bytes,
        },
      });
      position.#send({ message: { id: call + 1, data: {} } });
    }
    await settle();
    for (const call of position.#fake.transport.calls) call.accept();
    await position.#look();
    return position;
  }

  /** What can happen next. */
  steps(): Step[] {
    const steps: Step[] = [];
    if (this.#frames.length > 0) steps.push(['take']);
    for (const [call, { emitted, granted }] of this.#calls.entries()) {
      if (emitted < MESSAGES.length) steps.push(['emit', call]);
      if (!granted) steps.push(['grant', call]);
    }
    return steps;
  }

  async step(step: Step): Promise<void> {
    this.path.push(step);
    if (step[0] === 'take') {
      this.#take();
      while (this.#frames.length > 0 && this.#frames[0]?.name !== 'message') this.#take();
    } else {
      const [event, number] = step;
      const call = this.#calls[number] as Walked;
      const service = this.#fake.transport.calls[number] as FakeCall;
      const id = number + 1;
      if (event === 'emit') {
        service.emit(MESSAGES[call.emitted] as Buffer);
        call.emitted += 1;
        if (call.emitted === MESSAGES.length) service.end();
      } else {
        const messages = MESSAGES.length - call.messages;
        const bytes = call.bytes === Number.POSITIVE_INFINITY ? 0 : TOTAL_BYTES;
        call.granted = true;
        call.messages += messages;
        call.bytes += bytes;
        if (messages + bytes > 0) this.#send({ credit: { id, messages, bytes } });
      }
    }
    await this.#look();
    this.#check();
  }

  /** What decides what can come next. Calls are alike, so their order says nothing. */
  get key(): string {
    const { calls } = this.#fake.transport;
    let least = '';
    for (const order of ORDERS) {
      const name = (call: number) => order.indexOf(call);
      const states = order.map((call) => {
        const { unread } = calls[call] as FakeCall;
        return [...Object.values(this.#calls[call] as Walked), unread].join();
      });
      const frames = this.#frames.map(({ name: kind, call }) => kind.slice(0, 1) + name(call)).join('');
      const key = `${states.join(';')} ${this.#standing.map(name).join('')} ${frames}`;
      if (least === '' || key < least) least = key;
    }
    return least;
  }

  /** Nothing can happen any more. */
  checkEnd(): void {
    const { session, exchanges, transport } = this.#fake;
    for (const [number, { got, ends }] of this.#calls.entries()) {
      if (got !== MESSAGES.length) this.#fail(`call ${number} got ${got} messages`);
      if (ends !== 1) this.#fail(`call ${number} has ${ends} ends`);
    }
    if (session.openCalls + exchanges.size > 0) this.#fail('a call is open');
    if (transport.calls.some(({ over }) => !over)) this.#fail('a call at the service is open');
  }

  close(): void {
    this.#fake.session.closed();
  }

  #send(frame: Frame): void {
    this.#fake.session.receive(Buffer.from(JSON.stringify(frame)), false);
  }

  #take(): void {
    const { name, call: number } = this.#frames.shift() as { name: string; call: number };
    const frame = JSON.parse(String(this.#fake.socket.take())) as Frame;
    const call = this.#calls[number] as Walked;
    if (call.ends > 0) this.#fail(`${name} after the end of ${number}`);
    if (name === 'end') call.ends += 1;
    if (name !== 'message') return;
    const { data, bytes } = frame.message as unknown as { data: { number?: number }; bytes?: number };
    if ((data.number ?? 0) !== NUMBERS[call.got])
      this.#fail(`call ${number} got ${data.number} for ${call.got}`);
    const isCounting = call.bytes !== Number.POSITIVE_INFINITY;
    if (bytes !== (isCounting ? MESSAGES[call.got]?.length : undefined))
      this.#fail(`call ${number} was told ${bytes} bytes`);
    call.got += 1;
    call.gotBytes += bytes ?? 0;
    // What came before it was less than what is granted now at the latest.
    if (call.got > call.messages || call.gotBytes - (bytes ?? 0) >= call.bytes)
      this.#fail(`${number} past its credit`);
  }

  /** Lets the session do all that it can do, and sees what it has written. */
  async #look(): Promise<void> {
    await settle();
    const { frames, closedWith } = this.#fake.socket;
    if (closedWith !== undefined) this.#fail(`closed: ${closedWith.reason}`);
    for (const bytes of frames.slice(this.#frames.length)) {
      const [[name, { id }]] = Object.entries(JSON.parse(String(bytes)) as Frame) as [
        [string, { id: number }],
      ];
      const call = id - 1;
      this.#frames.push({ name, call });
      if (name !== 'message') continue;
      (this.#calls[call] as Walked).written += 1;
      this.#standing = this.#standing.filter((other) => other !== call);
    }
    const mayWrite = this.#calls.flatMap((call, number) => (hasCredit(call) ? [number] : []));
    this.#standing = this.#standing.filter((call) => mayWrite.includes(call));
    for (const call of mayWrite) if (!this.#standing.includes(call)) this.#standing.push(call);
  }

  #check(): void {
    // Nothing waits for nothing.
    if (this.#frames.length === 0 && this.#standing.length > 0) this.#fail(`${this.#standing} was not woken`);
    for (const [number, { written, messages, bytes }] of this.#calls.entries()) {
      const before = MESSAGES.slice(0, Math.max(0, written - 1)).reduce((sum, { length }) => sum + length, 0);
      if (written > messages || (written > 0 && before >= bytes))
        this.#fail(`${number} wrote past its credit`);
    }
  }

  #fail(problem: string): never {
    throw new Error(`${problem}, after ${this.path.map((step) => step.join(' ')).join(', ')}`);
  }
}

/** Whether a call has a message that may go. */
function hasCredit({ emitted, written, messages, bytes }: Walked): boolean {
  const used = MESSAGES.slice(0, written).reduce((sum, { length }) => sum + length, 0);
  return emitted > written && messages > written && bytes > used;
}

const ORDERS: readonly (readonly number[])[] = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
];

/** What a walk has seen. Rejects with what is wrong and how it came to it. */
export async function walk(credit: FirstCredit): Promise<{ states: number; steps: number; ends: number }> {
  /** States by their keys: how one comes there, and what has not been tried. */
  const states = new Map<string, { readonly path: readonly Step[]; readonly untried: Step[] }>();
  const unfinished: string[] = [];
  const seen = { states: 0, steps: 0, ends: 0 };
  const stateOf = (position: Position) => {
    const { key } = position;
    let state = states.get(key);
    if (state === undefined) {
      state = { path: [...position.path], untried: position.steps() };
      states.set(key, state);
      if (state.untried.length > 0) unfinished.push(key);
      else {
        position.checkEnd();
        seen.ends += 1;
      }
    }
    return state;
  };
  const first = await Position.open(credit);
  stateOf(first);
  first.close();
  for (let key = unfinished.at(-1); key !== undefined; key = unfinished.at(-1)) {
    const start = states.get(key);
    if (start === undefined || start.untried.length === 0) {
      unfinished.pop();
      continue;
    }
    const position = await Position.open(credit);
    for (const step of start.path) await position.step(step);
    seen.steps += start.path.length;
    // On from there for as long as there is something new.
    for (let step = start.untried.pop(); step !== undefined; step = stateOf(position).untried.pop()) {
      await position.step(step);
      seen.steps += 1;
    }
    position.close();
  }
  seen.states = states.size;
  return seen;
}
