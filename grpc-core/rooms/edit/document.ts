import type { Machine } from '../journal/index.js';
import { type Operation, singleRangeSteps } from './operation.js';
import { applyOperation, emptyText, type RichText } from './rich-text.js';

/**
 * Entries whose operation ids a document remembers itself. A snapshot is due every 100 entries and moves the ids to the index before it is
 * written, so an id is in one of the two at every moment, whatever dies when.
 */
export const REMEMBERED_IDS = 256;

/** A document at a revision. Revisions count single operations; one entry has several when its range was split. */
export interface Document extends RichText {
  readonly revision: number;
  /** UTF-8 bytes of `content`. */
  readonly bytes: number;
  /** `operationKey` of the latest entries, oldest first, with their sequence numbers. */
  readonly recentIds: readonly (readonly [key: string, sequence: number])[];
}

/** What an editor did, as it was applied: each operation to the document after the one before. */
export interface DocumentEntry {
  readonly user: string;
  /** The sender's own; empty: none. */
  readonly operationId: string;
  readonly operations: readonly Operation[];
  /** The revision after all of them. */
  readonly revision: number;
  /** UTF-8 bytes of the document after all of them. */
  readonly bytes: number;
  /** Epoch milliseconds of the core's clock. */
  readonly at: number;
}

/** One key for what is unique a user. JSON, for any other separator may be part of a name. */
export function operationKey(user: string, operationId: string): string {
  return JSON.stringify([user, operationId]);
}

/** Documents as a machine for the journal. */
export const documentMachine: Machine<Document, DocumentEntry> = {
  kind: 'document',
  initial: { ...emptyText, revision: 0, bytes: 0, recentIds: [] },
  apply: (document, entry, sequence) => {
    const { content, formats } = entry.operations.reduce(applyOperation, document as RichText);
    const { operationId, user, revision, bytes } = entry;
    const ids = document.recentIds;
    const recentIds =
      operationId === ''
        ? ids
        : [...ids.slice(1 - REMEMBERED_IDS), [operationKey(user, operationId), sequence] as const];
    return { content, formats, revision, bytes, recentIds };
  },
  plainFromState: (document) => document,
  stateFromPlain: (plain) => plain as Document,
};

/** The entry for an operation that fits the document as it is. */
export function entryFor(
  document: Document,
  operation: Operation,
  author: { readonly user: string; readonly operationId: string; readonly at: number },
): DocumentEntry {
  const operations = singleRangeSteps(operation);
  return {
    ...author,
    operations,
    revision: document.revision + operations.length,
    bytes: document.bytes + byteChange(document.content, operation),
  };
}

// Characters are never split, so the bytes of parts add up; counting a whole document for each key press would not do.
function byteChange(content: string, operation: Operation): number {
  if (operation.kind === 'INSERT') return Buffer.byteLength(operation.text);
  if (operation.kind === 'FORMAT') return 0;
  return operation.ranges.reduce(
    (change, { start, end }) => change - Buffer.byteLength(content.slice(start, end)),
    0,
  );
}
