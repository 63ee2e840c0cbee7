import { setTimeout as sleep } from 'node:timers/promises';
import type { Status } from '../../status/index.js';
import { DEAD_MS } from './heartbeats.js';
import type { NatsLink } from './nats-link.js';
import { decodeStatus, encodeStatus } from './shared-text.js';

/** What a gateway answers to the others of one recording. */
export interface SharedAnswers {
  /** Who leads asks whether clients follow it elsewhere. */
  readonly isFollowed: () => boolean;
  /** Who leads looks for a gateway that can go on with it: the id of this one, or `undefined`. */
  readonly heir: () => string | undefined;
  /** It is to be stopped where it is led. */
  readonly onStop: (status: Status) => void;
  readonly onPosition: (gateway: string, position: number | undefined) => void;
  /** Who led it does not keep it any more. */
  readonly onGone: () => void;
}

/** The least time between two questions whether a recording is followed, in milliseconds: who is there has answered by then. */
const ASK_MS = 500;

/** What gateways ask and tell each other of recordings, beside what they write down. */
export class SharedSubjects {
  readonly #link: NatsLink;

  constructor(link: NatsLink) {
    this.#link = link;
  }

  /** Answers for one recording until the function that is returned is called. */
  answer(epoch: string, { isFollowed, heir, onStop, onPosition, onGone }: SharedAnswers): () => void {
    const stops = [
      this.#link.listen(`sluice.readers.${epoch}`, () => (isFollowed() ? 'yes' : undefined)),
      this.#link.listen(`sluice.heir.${epoch}`, () => heir()),
      this.#link.listen(`sluice.stop.${epoch}`, (text) => {
        onStop(decodeStatus(Buffer.from(text)));
        return undefined;
      }),
      this.#link.listen(`sluice.position.${epoch}`, (text) => {
        const [gateway = '', position = ''] = text.split(' ');
        onPosition(gateway, position === '' ? undefined : Number(position));
        return undefined;
      }),
      this.#link.listen(`sluice.gone.${epoch}`, () => {
        onGone();
        return undefined;
      }),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }

  /**
   * Whether clients of other gateways follow it. Nobody says no, so it is asked for as long as a gateway may be silent and lives: one that is busy would lose what its
   * clients read. Rejects when NATS is away.
   */
  async isFollowed(epoch: string): Promise<boolean> {
    const until = performance.now() + DEAD_MS;
    for (;;) {
      const asked = performance.now();
      if ((await this.#link.ask(`sluice.readers.${epoch}`)) !== undefined) return true;
      if (performance.now() >= until) return false;
      // Where this gateway has just given it up itself, NATS says at once that nobody listens.
      const early = asked + ASK_MS - performance.now();
      if (early > 0) await sleep(early);
    }
  }

  /** A gateway that follows it, and can go on with it; `undefined`: none. Rejects when NATS is away. */
  async heirOf(epoch: string): Promise<string | undefined> {
    return await this.#link.ask(`sluice.heir.${epoch}`);
  }

  /** Nothing of it is kept any more by who led it. */
  tellGone(epoch: string): void {
    this.#link.tell(`sluice.gone.${epoch}`);
  }

  tellStop(epoch: string, status: Status): void {
    this.#link.tell(`sluice.stop.${epoch}`, encodeStatus(status).toString());
  }

  tellPosition(epoch: string, gateway: string, position: number | undefined): void {
    this.#link.tell(`sluice.position.${epoch}`, `${gateway} ${position ?? ''}`);
  }
}
