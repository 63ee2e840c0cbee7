import { IdTable } from '../../../async/index.js';
import { ConnectionError, ErrorCode, MAX_UINT31 } from './codes.js';
import type { ClientStream } from './stream.js';

/** Ids that are left when a connection should take no further calls. */
const SPARE_IDS = 10_000;

/** The open streams of a connection, by their ids, which are odd and never come again. */
export class StreamTable {
  readonly #streams = new IdTable<ClientStream>();
  #nextId = 1;

  get size(): number {
    return this.#streams.size;
  }

  /** There will soon be no more ids. */
  get isNearlyUsedUp(): boolean {
    return this.#nextId > MAX_UINT31 - 2 * SPARE_IDS;
  }

  /** A new id. Throws when there is none left. */
  takeId(): number {
    if (this.#nextId > MAX_UINT31) throw new Error('the connection has no more stream ids');
    const id = this.#nextId;
    this.#nextId += 2;
    return id;
  }

  add(stream: ClientStream): void {
    this.#streams.add(stream);
  }

  delete(id: number): void {
    this.#streams.delete(id);
  }

  /** Those that are open now; they may go while this is walked. */
  all(): ClientStream[] {
    return this.#streams.all();
  }

  /** The stream of a frame; `undefined` when it is gone, whose late frames are passed over. Throws for one that never was. */
  of(id: number): ClientStream | undefined {
    const stream = this.#streams.get(id);
    if (stream === undefined && (id % 2 === 0 || id >= this.#nextId)) {
      throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, `used stream ${id}, which was never opened`);
    }
    return stream;
  }
}
