import { type DescField, ScalarType } from '@bufbuild/protobuf';
import { defaultText, scalarField } from '../../codec/index.js';
import { Batch } from '../../upstream/index.js';

const IMPLICIT_PRESENCE = 2;

/** Scalars whose values are whole numbers, and so have an order that cursors may have too. */
const WHOLE: ReadonlySet<ScalarType> = new Set([
  ScalarType.INT32,
  ScalarType.INT64,
  ScalarType.UINT32,
  ScalarType.UINT64,
  ScalarType.SINT32,
  ScalarType.SINT64,
  ScalarType.FIXED32,
  ScalarType.FIXED64,
  ScalarType.SFIXED32,
  ScalarType.SFIXED64,
]);

/**
 * The cursors of a stream as its messages pass: where it stands, and whether they have grown so far. Looks at the first and the last message of a
 * batch only, so that it costs a stream that never breaks next to nothing.
 */
export class CursorTrack {
  readonly #field: DescField;
  readonly #isWhole: boolean;
  /** Of the last message; `undefined` where that has none, and nobody can ask for what comes after it. */
  #last: string | undefined;
  #isAscending: boolean;
  /** The stream has begun anew after `#last`: what is not after it has been delivered. */
  #isRepeating = false;

  /** `last`: after which the client has asked the stream to go on. */
  constructor(field: DescField, last: string | undefined) {
    this.#field = field;
    this.#isWhole = field.fieldKind === 'scalar' && WHOLE.has(field.scalar);
    this.#isAscending = this.#isWhole;
    // JSON has more spellings of a number than one.
    this.#last = this.#isWhole && !/^-?\d+$/.test(last ?? '') ? undefined : last;
  }

  /** After which the stream would have to go on; `undefined`: there is no telling. */
  get last(): string | undefined {
    return this.#last;
  }

  /** The stream is asked for anew, after `last`. */
  restarted(): void {
    this.#isRepeating = this.#last !== undefined;
  }

  /** What of a batch has not been delivered before; `undefined`: nothing. Bytes that are no message pass: it is for the surface to refuse them. */
  pass(batch: Batch): Batch | undefined {
    try {
      return this.#pass(batch);
    } catch {
      this.#last = undefined;
      return batch;
    }
  }

  #pass(batch: Batch): Batch | undefined {
    const fresh = this.#isRepeating ? this.#withoutRepeated(batch) : batch;
    if (fresh === undefined) return undefined;
    this.#isRepeating = false;
    const first = this.#cursorOf(fresh, 0);
    const last = fresh.count === 1 ? first : this.#cursorOf(fresh, fresh.count - 1);
    this.#isAscending &&=
      first !== undefined &&
      last !== undefined &&
      (this.#last === undefined || BigInt(this.#last) < BigInt(first)) &&
      (fresh.count === 1 || BigInt(first) < BigInt(last));
    this.#last = last;
    return fresh;
  }

  #withoutRepeated(batch: Batch): Batch | undefined {
    let from = 0;
    while (from < batch.count && this.#isRepeated(this.#cursorOf(batch, from))) from += 1;
    if (from === 0) return batch;
    const rest: Uint8Array[] = [];
    // Copied: it is once in a break, and whoever takes a batch begins with its first message.
    for (let index = from; index < batch.count; index += 1) rest.push(Buffer.from(batch.message(index)));
    batch.release();
    return rest.length === 0 ? undefined : Batch.of(rest);
  }

  #isRepeated(cursor: string | undefined): boolean {
    if (cursor === undefined || this.#last === undefined) return false;
    return this.#isAscending ? BigInt(cursor) <= BigInt(this.#last) : cursor === this.#last;
  }

  /** Where absent and the default look the same, the default is taken for absent: most services begin with 1. */
  #cursorOf(batch: Batch, index: number): string | undefined {
    const cursor = scalarField(batch.message(index), this.#field);
    return cursor === '' ||
      (this.#field.presence === IMPLICIT_PRESENCE && cursor === defaultText(this.#field))
      ? undefined
      : cursor;
  }
}
