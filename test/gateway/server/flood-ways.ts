import type { ClientHttp2Session } from 'node:http2';
import type { Test } from 'tap';
import { type Foreign, method } from '../../support/foreign.js';
import { frame } from '../../support/grpc-frames.js';
import { ask, connectHttp2 } from '../../support/http2-client.js';
import { httpFrom } from '../../support/local-client.js';
import { openOf, openSession, type SessionClient } from '../../support/session.js';
import { connect } from '../../support/websocket.js';

/** Who calls: an address of this machine, and perhaps a token. */
export interface Caller {
  readonly from: string;
  readonly token?: string | undefined;
}

/** One exchange, or one handshake, from its beginning to its end. `served`, or the reason of its refusal. */
export type FloodWay = () => Promise<string>;

const EMPTY = new Uint8Array(0);
const SERVED = 'served';

/** All ways of one caller into a gateway whose method `Ask` answers at once, but for the calls of a session. */
export function requestWays(t: Test, { url, wsUrl }: Foreign, caller: Caller): Record<string, FloodWay> {
  const options = optionsOf(caller);
  const { headers: credential, localAddress: from } = options;
  const http2 = connectHttp2(t, url, { localAddress: from } as never);
  const byHttp = (headers: Record<string, string>, body: Uint8Array | string) => async () => {
    const sent = { method: 'POST', headers: { ...headers, ...credential }, body };
    const answer = await httpFrom(from, url + method('Ask'), sent);
    return typeof answer === 'string' ? answer : reasonOf(answer.headers);
  };
  const handshake = (open: () => Promise<{ readonly socket: { terminate(): void } }>) => async () => {
    try {
      (await open()).socket.terminate();
      return SERVED;
    } catch (reason) {
      // The client of a WebSocket hears the status alone.
      return (reason as Error).message;
    }
  };
  return {
    json: byHttp({ 'content-type': 'application/json' }, '{}'),
    'gRPC-Web': byHttp({ 'content-type': 'application/grpc-web+proto' }, frame(EMPTY)),
    Connect: byHttp({ 'content-type': 'application/proto' }, EMPTY),
    gRPC: () => byGrpc(http2, credential),
    'a WebSocket': handshake(() => connect(wsUrl + method('Both'), options)),
    'a session': handshake(async () => (await openSession(wsUrl, 'sluice.v1.json', options)).test),
  };
}

/** The same with them: the caller has a session, which is closed in the test's teardown. */
export async function allWays(t: Test, foreign: Foreign, caller: Caller): Promise<Record<string, FloodWay>> {
  const session = await openSession(foreign.wsUrl, 'sluice.v1.json', optionsOf(caller));
  t.teardown(() => session.test.socket.terminate());
  return { ...requestWays(t, foreign, caller), 'an open in a session': opensIn(session) };
}

function optionsOf({ from, token }: Caller): { localAddress: string; headers: Record<string, string> } {
  return { localAddress: from, headers: token === undefined ? {} : { authorization: `Bearer ${token}` } };
}

function reasonOf(headers: Readonly<Record<string, string | string[] | undefined>>): string {
  return headers['sluice-reason']?.toString() ?? SERVED;
}

async function byGrpc(http2: ClientHttp2Session, credential: Record<string, string>): Promise<string> {
  const headers = { 'content-type': 'application/grpc', te: 'trailers', ...credential };
  const { headers: head, rstCode } = await ask(http2, method('Ask'), headers, frame(EMPTY));
  return rstCode === 0 ? reasonOf(head) : `reset ${rstCode}`;
}

function opensIn(session: SessionClient): FloodWay {
  let last = 0;
  // One reader of its frames.
  let before: Promise<unknown> = Promise.resolve();
  return () => {
    last += 1;
    const id = last;
    const call = before.then(async () => {
      await session.send(openOf(id, 'Ask'), { halfClose: { id } });
      const end = JSON.stringify((await session.all(id)).at(-1));
      return /"reason":"(\w+)"/.exec(end)?.[1] ?? SERVED;
    });
    before = call;
    return call;
  };
}

/** How often a flood came to what. */
export type FloodCounts = Map<string, number>;

/** A flood: of each way so many at once, again and again until it is told to stop. */
export class Flood {
  readonly counts: FloodCounts = new Map();
  #isOn = true;
  readonly #over: Promise<void>;

  constructor(ways: Readonly<Record<string, FloodWay>>, each: number) {
    this.#over = this.#run(Object.values(ways), each);
  }

  /** Resolves when the last of it is answered. */
  async stop(): Promise<void> {
    this.#isOn = false;
    await this.#over;
  }

  async #run(ways: readonly FloodWay[], each: number): Promise<void> {
    do {
      const outcomes = ways.flatMap((way) => Array.from({ length: each }, way));
      for (const outcome of await Promise.all(outcomes))
        this.counts.set(outcome, (this.counts.get(outcome) ?? 0) + 1);
    } while (this.#isOn);
  }
}
