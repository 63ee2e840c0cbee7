import type { Call } from '../../upstream/index.js';
import type { NatsLink } from './nats-link.js';
import type { SharedRecord } from './shared-records.js';

/** A request as one gateway hands it to another, which goes on with its call: what travels to the service, and nothing of its client besides. */
export interface HandedRequest {
  readonly metadata: readonly (readonly [string, string])[];
  /** In base64. */
  readonly messages: readonly string[];
}

/** A request that a gateway knows, and can make the call with anew. */
export interface KnownRequest {
  /** Makes it behind what is recorded; `undefined` when that cannot be. */
  reopen(): Call | undefined;
  /** The same for another gateway. */
  handed(): Promise<HandedRequest | undefined>;
  /** The same for a gateway that keeps it until it is needed. Rejects where the token of its client has ended. */
  kept(): Promise<KeptForLater | undefined>;
}

/** A request, and until when it says truly whose it is, in epoch milliseconds; absent: for ever. */
export interface KeptForLater {
  readonly request: HandedRequest;
  readonly endsAt?: number | undefined;
}

/** The kind of a recording: who goes on with it must know the same. */
export interface RecordingKind {
  readonly method: string;
  readonly version: string;
}

/** Goes on with calls that other gateways hand over, and nobody here has asked for. */
export interface Adopter {
  knows(kind: RecordingKind): Promise<boolean>;
  /** Follows one of that kind from now on, as a call that goes on without clients, and knows its request, where there is one to go on with. */
  adopt(epoch: string, record: SharedRecord, request: HandedRequest | undefined): Promise<void>;
}

/** What a gateway does with a recording that is handed to it. */
export interface Heir {
  /** Whether it could go on with one of this kind. */
  knows(kind: RecordingKind): Promise<boolean>;
  /** It leads this one from now on; false where it cannot. `request`: absent where it follows the recording already. */
  take(epoch: string, request: HandedRequest | undefined): Promise<boolean>;
}

interface Taken {
  readonly epoch: string;
  readonly request?: HandedRequest | undefined;
}

/** How gateways hand recordings over while their leaders live. Requests pass NATS once, and are not kept there. */
export class HandOver {
  readonly #link: NatsLink;
  readonly #id: string;
  readonly #stops: (() => void)[] = [];
  readonly #onLeft: () => void;

  /** `onLeft`: another gateway has just left, and what it led is nobody's. */
  constructor(link: NatsLink, id: string, onLeft: () => void) {
    this.#link = link;
    this.#id = id;
    this.#onLeft = onLeft;
  }

  /** Answers gateways that leave, until `close`. */
  open(heir: Heir): void {
    this.#stops.push(
      this.#link.listen('sluice.left', () => {
        this.#onLeft();
        return undefined;
      }),
      this.#link.listen('sluice.heirs', async (text) => {
        const { from, ...kind } = JSON.parse(text) as RecordingKind & { from?: string };
        return from !== this.#id && (await heir.knows(kind)) ? this.#id : undefined;
      }),
      this.#link.listen(`sluice.take.${this.#id}`, async (text) => {
        const { epoch, request } = JSON.parse(text) as Taken;
        return (await heir.take(epoch, request)) ? 'yes' : undefined;
      }),
    );
  }

  /** Any other gateway that could go on with one of this kind. Rejects when NATS is away. */
  async anyHeir({ method, version }: RecordingKind): Promise<string | undefined> {
    return await this.#link.ask('sluice.heirs', JSON.stringify({ method, version, from: this.#id }));
  }

  /** Hands one over; false where the other gateway has not said that it has it. Rejects when NATS is away. */
  async give(heir: string, taken: Taken): Promise<boolean> {
    const text = JSON.stringify(taken);
    if (text.length > this.#link.pieceBytes) return false;
    return (await this.#link.ask(`sluice.take.${heir}`, text)) !== undefined;
  }

  /** Nothing is handed to this gateway any more. */
  close(): void {
    for (const stop of this.#stops.splice(0)) stop();
  }

  /** Tells the others that this gateway has left. */
  tellLeft(): void {
    this.#link.tell('sluice.left', this.#id);
  }
}
