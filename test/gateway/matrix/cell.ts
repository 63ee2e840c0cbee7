import type { Test } from 'tap';
import type { Metadata } from '../../../gateway/status/index.js';
import { method as path } from '../../support/foreign.js';
import { until } from '../../support/http.js';
import type { ScriptedCall, ScriptedUpstream, Step } from '../../support/scripted-upstream.js';
import { labelOf, type Outcome, type Surface, type Talk } from './surface.js';

/** How the gateway speaks to the service. */
export type Transport = 'http2' | 'grpc-js';

/** One scenario on one surface. */
export interface Cell {
  readonly transport: Transport;
  readonly surface: Surface;
  readonly talk: Talk;
  /** The call at the service, as soon as it is there. */
  call(): Promise<ScriptedCall>;
  /** Whether there is, or was, one. */
  readonly hasCall: boolean;
  /** Lets the service go on where its script waits for `Parts.wait`. */
  goOn(): void;
}

/** What a script is made from. */
export interface Parts {
  readonly surface: Surface;
  readonly wait: Promise<void>;
}

/** A row of the matrix. */
export interface Scenario {
  readonly name: string;
  readonly timeoutMs?: number;
  /** The text of a request that is one message. */
  readonly text?: string;
  /** Why a surface has no such cell; nothing where it has. */
  readonly notFor?: (surface: Surface) => string | undefined;
  readonly script: (parts: Parts) => readonly Step[];
  /** What the client does, and what must be seen of it. */
  readonly run: (t: Test, cell: Cell) => Promise<void>;
  /** What the client must be told in the end; absent where it has left. */
  readonly outcome?: (surface: Surface) => Outcome;
  /** What the client must have got by then, one text after the other. */
  readonly received?: string;
}

/** The scripts of the calls that are on, by the name that each brings along as metadata. */
export class Cells {
  readonly #scripts = new Map<string, readonly Step[]>();
  readonly #transport: Transport;
  #count = 0;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** The script of a call that has come to the service. */
  readonly script = (metadata: Metadata): readonly Step[] => {
    const cell = cellOf(metadata);
    return this.#scripts.get(cell ?? '') ?? [{ status: 'INTERNAL', message: `no cell ${cell}` }];
  };

  /** Plays a scenario on a surface. Resolves when the client has its outcome, or has left, and the call is over. */
  async play(
    t: Test,
    scenario: Scenario,
    surface: Surface,
    url: string,
    upstream: ScriptedUpstream,
  ): Promise<void> {
    this.#count += 1;
    const cell = `${this.#count}`;
    let goOn: () => void = () => {};
    const wait = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    this.#scripts.set(cell, scenario.script({ surface, wait }));
    const { timeoutMs, text } = scenario;
    const talk = await surface.start(url, {
      cell,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(text === undefined ? {} : { text }),
    });
    const find = () => upstream.calls(path(surface.method)).find(({ metadata }) => cellOf(metadata) === cell);
    const label = labelOf(surface);
    try {
      await scenario.run(t, {
        transport: this.#transport,
        surface,
        talk,
        goOn,
        get hasCall() {
          return find() !== undefined;
        },
        async call() {
          await until(t, `the call of ${label}`, () => find() !== undefined);
          return find() as ScriptedCall;
        },
      });
      if (scenario.outcome !== undefined) {
        t.same(await soon(talk.outcome), scenario.outcome(surface), `${label}: the outcome`);
        if (scenario.received !== undefined) {
          const received = talk.messages.join('');
          t.ok(
            received === scenario.received,
            `${label}: ${received.length} of ${scenario.received.length} bytes`,
          );
        }
      }
    } finally {
      talk.cut();
      goOn();
    }
    await soon(Promise.all([talk.outcome, find()?.over]));
    this.#scripts.delete(cell);
  }
}

function cellOf(metadata: Metadata): string | undefined {
  return metadata.find(([name]) => name === 'cell')?.[1];
}

/** What never comes must not hang the suite. */
async function soon<Value>(promise: Promise<Value>): Promise<Value | 'nothing within 60 s'> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'nothing within 60 s'>((resolve) => {
    timer = setTimeout(() => resolve('nothing within 60 s'), 60_000);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
