import { create, type DescMessage, fromBinary, toBinary } from '@bufbuild/protobuf';
import { foreignSchema } from '../../../support/foreign.js';
import { type Frame, frameTypes, type Protocol } from '../../../support/session.js';
import { type FakeSession, openFakeSession, settle } from './fake-session.js';
import type { FakeCall } from './fakes.js';

/** What one call will be. */
export interface Plan {
  readonly method: 'Ask' | 'Down' | 'Up' | 'Both';
  /** Messages that the client sends, if the method takes that many. */
  readonly requests: number;
  readonly responses: number;
  readonly firstCredit: number;
  /** The same in bytes; 0: the client does not count them. */
  readonly firstBytes: number;
  /** How large each message is, about. */
  readonly size: number;
  /** The client may cancel at some time. */
  readonly cancels: boolean;
  /** The service may end before the client has sent everything. */
  readonly early: boolean;
}

export interface Schedule {
  readonly protocol: Protocol;
  readonly highWaterBytes: number;
  readonly plans: readonly Plan[];
  /** How many large pings the client sends. */
  readonly pings: number;
  /** Which of the things that can happen does, one after the other. */
  readonly choices: readonly number[];
}

const types = await frameTypes();
const item = (await foreignSchema()).registry.getMessage('foreign.v1.Item') as DescMessage;

/** A few of them are more than may wait for a client that does not read. */
const PING = 'p'.repeat(30_000);

const itemBytes = (number: number, size: number) =>
  toBinary(item, create(item, { number, text: 'x'.repeat(size) } as never));

/** One call as its client and its service see it. */
class ModelCall {
  readonly id: number;
  readonly plan: Plan;
  readonly requests: number;
  readonly responses: number;
  opened = false;
  /** Sent by the client; what the gateway let it. */
  sent = 0;
  sendCredit = 0;
  /** Infinite where it does not count bytes. */
  sendBytes = 0;
  halfClosed = false;
  cancelled = false;
  /** What the client has granted, and has got. */
  granted: number;
  grantedBytes: number;
  gotBytes = 0;
  readonly got: number[] = [];
  ends = 0;
  code: number | undefined;
  /** What the service has sent. */
  emitted = 0;
  fake: FakeCall | undefined;

  constructor(id: number, plan: Plan) {
    this.id = id;
    this.plan = plan;
    const { method } = plan;
    this.requests = method === 'Up' || method === 'Both' ? plan.requests : 1;
    this.responses = method === 'Down' || method === 'Both' ? plan.responses : 1;
    this.granted = plan.firstCredit;
    this.grantedBytes = plan.firstBytes || Number.POSITIVE_INFINITY;
  }

  /** The bytes of the messages of the service, all but the last: so many must be granted, and one more. */
  get bytesBeforeLast(): number {
    let bytes = 0;
    for (let number = 0; number < this.responses - 1; number += 1) bytes += this.bytesOf(number);
    return bytes;
  }

  /** Of a message of the service, as protobuf. */
  bytesOf(number: number): number {
    return itemBytes(number, this.plan.size).length;
  }

  /** Bytes to grant next: of any size, and never less than 1. */
  get nextBytes(): number {
    const { size } = this.plan;
    return [1, size + 1, size * 3 + 7, size][this.grantedBytes % 4] || 1;
  }
}

/** Plays a schedule, then lets everybody do what is left, and returns what is wrong; nothing when all is well. */
export async function play(schedule: Schedule): Promise<string | undefined> {
  const fake = openFakeSession(schedule.protocol, {
    highWaterBytes: schedule.highWaterBytes,
    firstFrameMs: 60_000,
  });
  const run = new Run(schedule, fake);
  try {
    for (const choice of schedule.choices) {
      const actions = run.possible(true);
      if (actions.length === 0) break;
      (actions[choice % actions.length] as () => void)();
      await settle();
    }
    // Everybody goes on, nobody changes their mind: it must come to its end.
    for (let round = 0; ; round += 1) {
      const actions = run.possible(false);
      if (actions.length === 0) break;
      if (round > 5_000) return 'it never ends';
      for (const action of actions) action();
      await settle();
    }
    return run.fault();
  } finally {
    fake.session.closed();
    await settle();
  }
}

class Run {
  readonly #schedule: Schedule;
  readonly #fake: FakeSession;
  readonly #calls: ModelCall[];
  /** Frames of the client that are on their way. */
  readonly #toGateway: { readonly frame: Buffer; readonly opens?: ModelCall }[] = [];
  #problem: string | undefined;
  #pings = 0;
  #pongs = 0;

  constructor(schedule: Schedule, fake: FakeSession) {
    this.#schedule = schedule;
    this.#fake = fake;
    this.#calls = schedule.plans.map((plan, index) => new ModelCall(index + 1, plan));
  }

  /** All that could happen next; without `whims` only what leads to the end. */
  possible(whims: boolean): (() => void)[] {
    const { socket } = this.#fake;
    const actions: (() => void)[] = [];
    if (socket.waiting > 0) actions.push(() => this.#clientTakes());
    if (this.#toGateway.length > 0 && !socket.paused) actions.push(() => this.#gatewayReads());
    if (this.#pings < this.#schedule.pings) {
      actions.push(() => {
        this.#pings += 1;
        this.#send({ ping: { token: PING } });
      });
    }
    for (const call of this.#calls) this.#actionsOf(call, whims, actions);
    return actions;
  }

  fault(): string | undefined {
    const { session, socket, exchanges, transport } = this.#fake;
    if (this.#problem !== undefined) return this.#problem;
    if (socket.closedWith !== undefined) return `closed: ${JSON.stringify(socket.closedWith)}`;
    if (this.#pongs !== this.#pings) return `${this.#pongs} pongs for ${this.#pings} pings`;
    if (session.openCalls !== 0) return `${session.openCalls} calls are open`;
    if (session.heldBytes !== 0) return `${session.heldBytes} bytes are held`;
    if (exchanges.size !== 0) return `${exchanges.size} exchanges are open`;
    if (transport.calls.some(({ over }) => !over)) return 'a call at the service is open';
    for (const call of this.#calls) {
      const problem = faultOfCall(call);
      if (problem !== undefined) return `call ${call.id} (${call.plan.method}): ${problem}`;
    }
    return undefined;
  }

  #actionsOf(call: ModelCall, whims: boolean, actions: (() => void)[]): void {
    const { id, plan, fake } = call;
    if (!call.opened) {
      actions.push(() => this.#open(call));
      return;
    }
    if (call.ends === 0 && !call.cancelled) {
      const maySend = call.sendCredit > 0 && call.sendBytes > 0;
      if (!call.halfClosed && call.sent < call.requests && maySend) {
        actions.push(() => this.#clientSends(call));
      }
      if (!call.halfClosed && call.sent === call.requests) {
        actions.push(() => {
          call.halfClosed = true;
          this.#send({ halfClose: { id } });
        });
      }
      if (call.granted < call.responses) {
        actions.push(() => {
          const messages = 1 + ((call.granted * 7) % 5);
          call.granted += messages;
          this.#send({ credit: { id, messages } });
        });
      }
      if (call.grantedBytes <= call.bytesBeforeLast) {
        actions.push(() => {
          const bytes = call.nextBytes;
          call.grantedBytes += bytes;
          // Sometimes both in one frame.
          const messages = bytes % 2;
          call.granted += messages;
          this.#send({ credit: { id, messages, bytes } });
        });
      }
      if (whims && plan.cancels) {
        actions.push(() => {
          call.cancelled = true;
          this.#send({ cancel: { id } });
        });
      }
    }
    if (fake === undefined || fake.hasEnded) return;
    if (fake.hasRequest) actions.push(() => fake.accept());
    const mayAnswer = plan.method === 'Both' || plan.method === 'Down' || fake.halfClosed || plan.early;
    if (mayAnswer && call.emitted < call.responses && fake.hasRoom) {
      actions.push(() => {
        fake.emit(itemBytes(call.emitted, plan.size));
        call.emitted += 1;
      });
    }
    const isServed = fake.halfClosed && fake.received.length === call.requests;
    if (call.emitted === call.responses && (isServed || (plan.early && whims)))
      actions.push(() => fake.end());
  }

  #open(call: ModelCall): void {
    call.opened = true;
    const { method, firstCredit: credit, firstBytes: creditBytes } = call.plan;
    const open = { id: call.id, method: `foreign.v1.Foreign/${method}`, credit, creditBytes };
    this.#send({ open }, call);
  }

  #clientSends(call: ModelCall): void {
    call.sendCredit -= 1;
    const data = itemBytes(call.sent, call.plan.size);
    const text = `{"number":${call.sent},"text":"${'x'.repeat(call.plan.size)}"}`;
    call.sent += 1;
    const isJson = this.#schedule.protocol === 'sluice.v1.json';
    call.sendBytes -= isJson ? text.length : data.length;
    if (isJson) {
      this.#toGateway.push({ frame: Buffer.from(`{"message":{"id":${call.id},"data":${text}}}`) });
    } else this.#send({ message: { id: call.id, data } });
  }

  #send(frame: Record<string, Record<string, unknown>>, opens?: ModelCall): void {
    const { protocol } = this.#schedule;
    const [[name, value]] = Object.entries(frame) as [[string, object]];
    const bytes =
      protocol === 'sluice.v1.json'
        ? Buffer.from(JSON.stringify(frame))
        : Buffer.from(
            toBinary(types.client, create(types.client, { frame: { case: name, value } } as never)),
          );
    this.#toGateway.push(opens === undefined ? { frame: bytes } : { frame: bytes, opens });
  }

  #gatewayReads(): void {
    const { session, transport } = this.#fake;
    const next = this.#toGateway.shift();
    if (next === undefined) return;
    session.receive(next.frame, this.#schedule.protocol === 'sluice.v1.proto');
    if (next.opens !== undefined) next.opens.fake = transport.calls.at(-1);
  }

  #clientTakes(): void {
    const bytes = this.#fake.socket.take();
    if (bytes === undefined) return;
    const { name, id, value } = this.#decode(bytes);
    if (name === 'pong') {
      this.#pongs += 1;
      return;
    }
    const call = this.#calls[id - 1];
    if (call === undefined || call.ends > 0) {
      this.#problem ??= `${name} for call ${id}, which is not open`;
      return;
    }
    const isCounting = call.plan.firstBytes > 0;
    if (name === 'opened') {
      call.sendCredit += value.credit;
      call.sendBytes = isCounting ? value.creditBytes : Number.POSITIVE_INFINITY;
    } else if (name === 'credit') {
      call.sendCredit += value.messages;
      call.sendBytes += isCounting ? value.bytes : 0;
    } else if (name === 'message') {
      if (call.gotBytes >= call.grantedBytes) this.#problem ??= `call ${id} got a message past its bytes`;
      if (isCounting && value.bytes !== call.bytesOf(value.number)) {
        this.#problem ??= `call ${id} was told ${value.bytes} bytes`;
      }
      call.gotBytes += call.bytesOf(value.number);
      call.got.push(value.number);
    } else if (name === 'end') {
      call.ends += 1;
      call.code = value.code;
    }
    if (call.got.length > call.granted) this.#problem ??= `call ${id} got more than it granted`;
  }

  #decode(bytes: Buffer): { name: string; id: number; value: Record<string, number> } & {
    value: {
      credit: number;
      creditBytes: number;
      messages: number;
      bytes: number;
      number: number;
      code: number;
    };
  } {
    let frame: Frame;
    if (this.#schedule.protocol === 'sluice.v1.json') frame = JSON.parse(bytes.toString()) as Frame;
    else {
      const decoded = fromBinary(types.server, bytes) as unknown as {
        frame: { case: string; value: object };
      };
      frame = { [decoded.frame.case]: decoded.frame.value as never };
    }
    const [[name, value]] = Object.entries(frame) as unknown as [[string, Record<string, unknown>]];
    let {
      data,
      bytes: toldBytes,
      status,
    } = value as {
      data?: unknown;
      bytes?: number;
      status?: { code?: number };
    };
    if (data instanceof Uint8Array) {
      toldBytes = data.length;
      data = fromBinary(item, data);
    }
    return {
      name,
      id: value.id as number,
      value: {
        credit: value.credit as number,
        creditBytes: value.creditBytes as number,
        messages: value.messages as number,
        bytes: toldBytes as number,
        number: (data as { number?: number } | undefined)?.number ?? 0,
        code: status?.code ?? 0,
      },
    };
  }
}

function faultOfCall(call: ModelCall): string | undefined {
  const { fake, plan } = call;
  if (call.ends !== 1) return `${call.ends} ends`;
  if (fake === undefined) return 'never reached the service';
  if (call.got.some((number, index) => number !== index)) return `out of order: ${call.got}`;
  const received = fake.received.map(
    (bytes) => (fromBinary(item, bytes) as unknown as { number: number }).number,
  );
  if (received.some((number, index) => number !== index)) return `the service got ${received}`;
  if (call.code === 0) {
    if (call.got.length !== call.responses) return `${call.got.length} of ${call.responses} messages`;
    if (!plan.early && received.length !== call.requests) return `${received.length} requests`;
  } else if (call.code !== 1 || !call.cancelled) return `ended with ${call.code}`;
  return undefined;
}
