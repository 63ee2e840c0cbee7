import type { Outlet } from '../../upstream/index.js';
import type { Framing, SealingOutgoing } from './text-outgoing.js';

/** Where a surface takes pieces that others have sealed. */
export class SealedOutlet implements Outlet {
  readonly frame: object;
  readonly codec: object;
  readonly sealing: string;
  readonly sink: SealingOutgoing;
  pending: { settle(): void } | undefined;
  readonly #framing: Framing;
  readonly #heartbeat: { beat(at: number): void } | undefined;

  constructor(framing: Framing, sink: SealingOutgoing, heartbeat?: { beat(at: number): void }) {
    this.frame = framing.frame;
    this.codec = framing.codec;
    this.sealing = sink.sealing;
    this.sink = sink;
    this.#framing = framing;
    this.#heartbeat = heartbeat;
  }

  given(lastId: string | undefined, at: number): void {
    this.#framing.lastId = lastId ?? this.#framing.lastId;
    this.#heartbeat?.beat(at);
  }
}
