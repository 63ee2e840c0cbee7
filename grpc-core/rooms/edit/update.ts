import type { DocumentUpdate } from '../../../proto/types/streaming/DocumentUpdate.js';
import type { EditOperation } from '../../../proto/types/streaming/EditOperation.js';
import { timestampFromMs } from '../../base/index.js';
import type { Document, DocumentEntry } from './document.js';
import type { Operation } from './operation.js';
import { applyOperation, type RichText } from './rich-text.js';

/** Whose view it is, and who else is there. */
export interface View {
  readonly documentId: string;
  readonly users: readonly string[];
}

/** What one who joins gets first: everything, and no operation. */
export function updateOnJoin(view: View, document: Document, user: string, at: number): DocumentUpdate {
  return update(view, document, document.revision, user, at, null);
}

/** One update for each operation of an entry, each with the document after it. */
export function* updatesFromEntry(
  view: View,
  before: Document,
  after: Document,
  entry: DocumentEntry,
): Generator<DocumentUpdate, void, undefined> {
  let revision = entry.revision - entry.operations.length;
  let text: RichText = before;
  for (const operation of entry.operations) {
    const message = {
      ...rangeFromOperation(operation),
      user_id: entry.user,
      document_id: view.documentId,
      operation_id: entry.operationId,
      operation_type: operation.kind,
      base_revision: revision,
    };
    revision++;
    text = revision === entry.revision ? after : applyOperation(text, operation);
    yield update(view, text, revision, entry.user, entry.at, message);
  }
}

/**
 * Tells the sender of a repeated operation that it has been applied before this stream joined: the document as the stream
 * knows it, with an operation of that id that does nothing.
 */
export function updateOnDuplicate(
  view: View,
  document: Document,
  repeated: { readonly user_id: string; readonly operation_id: string; readonly operation_type: string },
  at: number,
): DocumentUpdate {
  const operation: EditOperation = {
    user_id: repeated.user_id,
    document_id: view.documentId,
    operation_type: repeated.operation_type.toUpperCase(),
    operation_id: repeated.operation_id,
    base_revision: document.revision,
  };
  return update(view, document, document.revision, repeated.user_id, at, operation);
}

function update(
  view: View,
  text: RichText,
  revision: number,
  user: string,
  at: number,
  operation: EditOperation | null,
): DocumentUpdate {
  return {
    document_id: view.documentId,
    user_id: user,
    content: text.content,
    active_users: [...view.users],
    timestamp: timestampFromMs(at),
    revision,
    operation,
    formats: text.formats.map(({ start, end, format }) => ({ position: start, length: end - start, format })),
  };
}

function rangeFromOperation(operation: Operation): Pick<EditOperation, 'position' | 'length' | 'content'> {
  if (operation.kind === 'INSERT') return { position: operation.position, content: operation.text };
  const range = operation.ranges[0] ?? { start: 0, end: 0 };
  const content = operation.kind === 'FORMAT' ? operation.format : '';
  return { position: range.start, length: range.end - range.start, content };
}
