import { scalarField } from '../../gateway/codec/index.js';
import type { Method } from '../../gateway/schema/index.js';
import type { Metadata } from '../../gateway/status/index.js';
import { idFromCursor, parseLastEventId } from '../../gateway/wire/index.js';

const START_HEADER = 'sluice-last-event-id';

/** The id of the last message that came, of a stream that can go on behind it: by the method's own cursor, else by the ids of a recording. */
export class StreamPosition {
  readonly #cursor: NonNullable<Method['resume']>['cursor'] | undefined;
  #epoch = '';
  #seq = -1;
  #own = '';

  constructor({ resume, responseStream }: Method) {
    this.#cursor = responseStream ? resume?.cursor : undefined;
  }

  /** Where the gateway says that the stream begins: the id in front of the first message. `undefined`: it does not say. */
  begin(headers: Metadata | undefined): string | undefined {
    const start = headers?.find(([name]) => name === START_HEADER)?.[1];
    const parsed = parseLastEventId(start);
    if (parsed.kind === 'recorded') {
      this.#epoch = parsed.epoch;
      this.#seq = parsed.seq;
    }
    return start;
  }

  /** A message has come. */
  add(message: Uint8Array): void {
    if (this.#cursor !== undefined) this.#own = scalarField(message, this.#cursor) ?? this.#own;
    else if (this.#seq >= 0) this.#seq += 1;
  }

  /** What `--resume` takes to go on here; `undefined` where the stream cannot. */
  get id(): string | undefined {
    if (this.#own !== '') return idFromCursor(this.#own);
    return this.#seq >= 0 ? `~${this.#epoch}.${this.#seq}` : undefined;
  }
}
