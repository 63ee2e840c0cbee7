import type { StatusDetail } from '../../status/index.js';
import type { JoinedMetadata, ServerFrame } from './frames.js';

/** A frame as text of `sluice.v1.json`; `detailJson` unpacks the details of a status. */
export function jsonFromServerFrame(
  frame: ServerFrame,
  detailJson: (detail: StatusDetail) => unknown,
): string {
  switch (frame.kind) {
    case 'headers':
      return JSON.stringify({ headers: { id: frame.id, metadata: objectOf(frame.metadata) } });
    case 'end': {
      const { code, message, details } = frame.status;
      return JSON.stringify({
        end: {
          id: frame.id,
          status: { code, message, details: details.map(detailJson) },
          trailers: objectOf(frame.trailers),
          truncated: frame.truncated,
        },
      });
    }
    default: {
      const { kind, ...fields } = frame;
      return JSON.stringify({ [kind]: fields });
    }
  }
}

/** What stands before the JSON of a message. */
export function jsonMessageHead(id: number): string {
  return `{"message":{"id":${id},"data":`;
}

/** What stands behind it; without a cursor, or in a call without credit in bytes, the field is left out. */
export function jsonMessageTail(cursor: string | undefined, bytes?: number): string {
  const cursorField = cursor === undefined ? '' : `,"cursor":${JSON.stringify(cursor.toWellFormed())}`;
  const bytesField = bytes === undefined ? '' : `,"bytes":${bytes}`;
  return `${cursorField}${bytesField}}}`;
}

/** A name such as `__proto__` is only a name. */
function objectOf(metadata: JoinedMetadata): Record<string, string> {
  const object: Record<string, string> = Object.create(null);
  for (const [name, value] of metadata) object[name] = value;
  return object;
}
