import { status } from '@grpc/grpc-js';
import type { EditOperation__Output } from '../../../proto/types/streaming/EditOperation.js';
import { CoreError, invalid } from '../../base/index.js';
import { assertShort } from '../wire/index.js';
import type { Operation } from './operation.js';
import { splitsCharacter } from './rich-text.js';

/** The longest text of one INSERT, in UTF-16 code units; more is INVALID_ARGUMENT. */
export const MAX_INSERT_LENGTH = 65_536;

/** The operation a request asks for, in the document of its `base_revision`. What can be checked without the document is checked. */
export function operationFromRequest(request: EditOperation__Output): Operation {
  const { position, content, length } = request;
  assertShort('operation_id', request.operation_id);
  if (request.base_revision !== undefined && request.base_revision < 0) {
    throw invalid('base_revision', 'must not be negative');
  }
  if (position < 0) throw invalid('position', 'must not be negative');
  if (length < 0) throw invalid('length', 'must not be negative');
  const kind = request.operation_type.toUpperCase();
  switch (kind) {
    case 'INSERT':
      if (content === '') throw invalid('content', 'must not be empty for INSERT');
      if (content.length > MAX_INSERT_LENGTH) {
        throw invalid('content', `must not be longer than ${MAX_INSERT_LENGTH} UTF-16 code units`);
      }
      // With the u flag this matches halves of a pair only.
      if (/\p{Surrogate}/u.test(content)) throw invalid('content', 'must be whole characters');
      return { kind, position, text: content };
    case 'DELETE': {
      if (length > 0 && content !== '' && length !== content.length) {
        throw invalid('length', 'must be the length of content, or 0');
      }
      const count = length || content.length;
      if (count === 0) throw invalid('length', 'DELETE needs it, or content');
      return { kind, ranges: [{ start: position, end: position + count }] };
    }
    case 'FORMAT':
      if (length === 0) throw invalid('length', 'must be positive for FORMAT');
      assertShort('content', content);
      return { kind, ranges: [{ start: position, end: position + length }], format: content };
    default:
      throw invalid('operation_type', 'must be INSERT, DELETE or FORMAT');
  }
}

/** OUT_OF_RANGE, naming the field, when the operation goes beyond a document of that length. */
export function assertInside(operation: Operation, documentLength: number): void {
  const { start, end } = extent(operation);
  if (start > documentLength)
    throw outOfRange('position', `the document has ${documentLength} UTF-16 code units`);
  if (end > documentLength) {
    throw outOfRange(
      'length',
      `position and length go beyond the document's ${documentLength} UTF-16 code units`,
    );
  }
}

/** INVALID_ARGUMENT when the operation, as it will be applied, would cut a character in two. */
export function assertWholeCharacters(operation: Operation, content: string): void {
  if (operation.kind === 'INSERT') {
    if (splitsCharacter(content, operation.position))
      throw invalid('position', 'lies within a surrogate pair');
    return;
  }
  for (const { start, end } of operation.ranges) {
    if (splitsCharacter(content, start)) throw invalid('position', 'lies within a surrogate pair');
    if (splitsCharacter(content, end)) throw invalid('length', 'ends within a surrogate pair');
  }
}

/** OUT_OF_RANGE that names the field. */
export function outOfRange(field: string, problem: string): CoreError {
  return new CoreError(status.OUT_OF_RANGE, `${field}: ${problem}`);
}

function extent(operation: Operation): { start: number; end: number } {
  if (operation.kind === 'INSERT') return { start: operation.position, end: operation.position };
  return { start: operation.ranges[0]?.start ?? 0, end: operation.ranges.at(-1)?.end ?? 0 };
}
