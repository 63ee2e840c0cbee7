import { type MessageCodec, zeroFields } from '../codec/index.js';
import type { Method } from '../schema/index.js';
import { RpcError } from '../status/index.js';
import { idFromCursor, type LastEventId } from '../wire/index.js';

/** Where a client wants its stream to go on. */
export interface ResumePoint {
  /** What it has seen, as SSE has it. */
  readonly id: string;
  readonly last: Extract<LastEventId, { kind: 'cursor' | 'recorded' | 'earliest' | 'now' }>;
  /** The request field that asks the service to go on there, encoded. Later fields win on the wire, so it goes behind a message as it is. */
  readonly field: Uint8Array;
}

/**
 * Where a client wants a stream of this method to go on; `undefined`: at the beginning. Throws INVALID_ARGUMENT, which calls the id `name`, for what
 * is no id of this method. Nothing of another stream can be reached with an id: a cursor goes to the service, with the client's own request.
 */
export function resumePoint(
  method: Pick<Method, 'resume' | 'recording'>,
  requestCodec: MessageCodec,
  last: LastEventId,
  name: string,
): ResumePoint | undefined {
  switch (last.kind) {
    case 'none':
    case 'ended':
      return undefined;
    case 'invalid':
      throw new RpcError('INVALID_CURSOR', `${name}: ${last.problem}`);
    case 'cursor':
      return {
        id: idFromCursor(last.cursor),
        last,
        field: cursorField(method, requestCodec, last.cursor, name),
      };
    default:
      if (method.recording === undefined)
        throw new RpcError('INVALID_CURSOR', `${name}: the method has no recording`);
      return { id: idOfPoint(last), last, field: NO_FIELD };
  }
}

const NO_FIELD = new Uint8Array(0);

/** Behind this message of a recording. */
export function recordedPoint(epoch: string, seq: number): ResumePoint {
  const last = { kind: 'recorded', epoch, seq } as const;
  return { id: idOfPoint(last), last, field: NO_FIELD };
}

function idOfPoint(last: Extract<LastEventId, { kind: 'recorded' | 'earliest' | 'now' }>): string {
  return last.kind === 'recorded' ? `~${last.epoch}.${last.seq}` : `~${last.kind}`;
}

/**
 * The request field that asks to go on after a cursor, encoded. Throws INVALID_ARGUMENT, which calls the cursor `name`, when the method
 * has no cursors, or the field cannot hold this one.
 */
export function cursorField(
  { resume }: Pick<Method, 'resume'>,
  requestCodec: MessageCodec,
  cursor: string,
  name: string,
): Uint8Array {
  if (resume === undefined) throw new RpcError('INVALID_CURSOR', `${name}: the method has no cursors`);
  try {
    const field = requestCodec.fromJson(JSON.stringify({ [resume.request.jsonName]: cursor }));
    return Buffer.concat([zeroFields([[resume.request]]), field]);
  } catch (reason) {
    const { message: problem } = RpcError.from(reason);
    throw new RpcError('INVALID_CURSOR', `${name}: ${problem}`, { cause: reason });
  }
}
