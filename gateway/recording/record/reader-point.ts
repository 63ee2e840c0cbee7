import { type MessageCodec, scalarField } from '../../codec/index.js';
import { RpcError } from '../../status/index.js';
import { idFromCursor } from '../../wire/index.js';
import { cursorField, type ResumePoint, recordedPoint } from '../resume-point.js';
import type { Beginning } from './beginning.js';
import type { Recording } from './recording.js';

/**
 * Where a reader begins that joins a recording. Throws INVALID_ARGUMENT for a place that the recording has not reached, or a cursor that it does not
 * have.
 */
export function beginningAt(recording: Recording, point: ResumePoint | undefined): Beginning {
  const { journal } = recording;
  const { epoch, firstSeq, lastSeq } = journal;
  if (point === undefined) return byRule(recording);
  const { id: requested, last } = point;
  switch (last.kind) {
    case 'now':
      return { after: lastSeq };
    case 'earliest':
      return oldest(recording, requested, 0);
    case 'recorded':
      if (last.epoch !== epoch) return { after: firstSeq - 1, requested };
      if (last.seq > lastSeq) {
        throw new RpcError(
          'INVALID_CURSOR',
          `last-event-id: ${requested} is no message that this call has sent`,
        );
      }
      return oldest(recording, requested, last.seq);
    case 'cursor':
      return afterCursor(recording, last.cursor) ?? { after: firstSeq - 1, requested };
  }
}

/** After the message of this number, or the oldest that is kept. */
function oldest({ journal: { firstSeq } }: Recording, requested: string, seq: number): Beginning {
  return seq + 1 < firstSeq ? { after: firstSeq - 1, requested } : { after: seq };
}

function byRule(recording: Recording): Beginning {
  const { rule, journal, snapshot } = recording;
  const { epoch, firstSeq, lastSeq } = journal;
  switch (rule.start) {
    case 'now':
      return { after: lastSeq };
    case 'last':
      return { after: Math.max(firstSeq - 1, lastSeq - rule.last) };
    case 'snapshot':
      return { after: lastSeq, snapshot: snapshot?.list() ?? [] };
    case 'beginning':
      return oldest(recording, `~${epoch}.0`, 0);
  }
}

/** Right after the message with this cursor; `undefined` when it is not among those that are kept. */
export function afterCursor({ method, journal }: Recording, cursor: string): Beginning | undefined {
  const field = method.resume?.cursor;
  if (field === undefined) return undefined;
  const reading = journal.openCursor();
  try {
    let found: number | undefined;
    for (let after = journal.firstSeq - 1; after < journal.lastSeq; ) {
      const batch = reading.read(after);
      // A journal that lies elsewhere is not looked through: the service goes on after the cursor itself.
      if (batch === undefined || batch instanceof Promise) break;
      const first = batch.firstSeq;
      for (let index = 0; index < batch.count; index += 1)
        if (scalarField(batch.message(index), field) === cursor) found = first + index;
      after = first + batch.count - 1;
    }
    return found === undefined ? undefined : { after: found };
  } finally {
    reading.close();
  }
}

/** The same, and at the beginning of a call that was begun behind this very cursor, where that is still there. */
export function behindCursor(
  recording: Recording,
  point: ResumePoint | undefined,
  cursor: string,
): Beginning | undefined {
  const isFromHere = recording.begunBehind === cursor && recording.journal.firstSeq === 1;
  return isFromHere ? { after: 0, lastEventId: point?.id } : afterCursor(recording, cursor);
}

/** What asks a service with cursors to go on behind the newest message; `undefined` where that is not kept, or has no cursor. */
export function pointAtEnd(recording: Recording, requestCodec: MessageCodec): ResumePoint | undefined {
  return pointAt(recording, recording.journal.lastSeq, requestCodec);
}

/** Where a reader goes on in another call that has read up to this message: without cursors it is made again, behind a gap. */
export function pointBehind(recording: Recording, seq: number, requestCodec: MessageCodec): ResumePoint {
  return pointAt(recording, seq, requestCodec) ?? recordedPoint(recording.journal.epoch, seq);
}

function pointAt(
  { method, journal }: Recording,
  seq: number,
  requestCodec: MessageCodec,
): ResumePoint | undefined {
  const { resume, requestStream } = method;
  if (resume === undefined || requestStream || seq < journal.firstSeq || seq > journal.lastSeq)
    return undefined;
  const reading = journal.openCursor();
  try {
    const batch = reading.read(seq - 1, 1);
    if (batch === undefined || batch instanceof Promise) return undefined;
    const cursor = scalarField(batch.message(0), resume.cursor);
    if (cursor === undefined) return undefined;
    const field = cursorField(method, requestCodec, cursor, 'cursor');
    return { id: idFromCursor(cursor), last: { kind: 'cursor', cursor }, field };
  } catch {
    return undefined;
  } finally {
    reading.close();
  }
}
