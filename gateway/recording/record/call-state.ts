import { scalarField } from '../../codec/index.js';
import type { Status } from '../../status/index.js';
import { idFromCursor } from '../../wire/index.js';
import type { Recording } from './recording.js';

/** How a recorded call stands. */
export interface CallState {
  /** `undefined`: it runs. */
  readonly ended: Status | undefined;
  /** The id of the oldest message that is kept; `undefined`: none is. */
  readonly firstId: string | undefined;
  /** That of the newest message, or the beginning. */
  readonly lastId: string;
}

/** How a recorded call stands now. */
export function callState(recording: Recording): CallState {
  const { firstSeq, lastSeq, ended } = recording.journal;
  const isEmpty = firstSeq > lastSeq;
  return {
    ended,
    firstId: isEmpty ? undefined : idOfMessage(recording, firstSeq),
    lastId: isEmpty ? idOfNumber(recording, lastSeq) : idOfMessage(recording, lastSeq),
  };
}

function idOfNumber({ journal }: Recording, seq: number): string {
  return `~${journal.epoch}.${seq}`;
}

/** Its own cursor, where the method has one and the journal is here. */
function idOfMessage(recording: Recording, seq: number): string {
  const field = recording.method.resume?.cursor;
  if (field === undefined) return idOfNumber(recording, seq);
  const cursor = recording.journal.openCursor();
  try {
    const batch = cursor.read(seq - 1, 1);
    const value =
      batch === undefined || batch instanceof Promise ? undefined : scalarField(batch.message(0), field);
    return value === undefined ? idOfNumber(recording, seq) : idFromCursor(value);
  } finally {
    cursor.close();
  }
}
