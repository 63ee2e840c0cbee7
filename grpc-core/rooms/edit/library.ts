import { createHash } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import type { EditOperation__Output } from '../../../proto/types/streaming/EditOperation.js';
import { CoreError } from '../../base/index.js';
import { type Store, StoreConflict } from '../../store/index.js';
import { Journal, type Version } from '../journal/index.js';
import { bytesFromJson, jsonFromBytes } from '../wire/index.js';
import { type Document, type DocumentEntry, documentMachine, entryFor, operationKey } from './document.js';
import { assertInside, assertWholeCharacters, operationFromRequest, outOfRange } from './edit-request.js';
import { lengthChange, type Operation, transform } from './operation.js';

/** The largest document, in bytes of UTF-8; an insert beyond fails with RESOURCE_EXHAUSTED. Each update carries all of it. */
export const MAX_DOCUMENT_BYTES = 1_048_576;
/** Formatted ranges of one document; more fail with RESOURCE_EXHAUSTED. Each update carries all of them. */
export const MAX_FORMATS = 1_000;
/** An operation made against a revision that is further back fails with OUT_OF_RANGE: its sender must join again. */
export const MAX_REVISIONS_BEHIND = 1_000;
const PAGE = 100;

/** Where an edit stands in its document's log. */
export interface Edited {
  readonly sequence: number;
  /** It had been applied before; nothing has changed now. */
  readonly duplicate: boolean;
}

/** The documents, and the one place where they change. */
export class Library {
  readonly journal: Journal<Document, DocumentEntry>;
  readonly #index;
  readonly #now: () => number;

  constructor(store: Store, now: () => number) {
    this.#index = store.map('document-operations');
    this.#now = now;
    this.journal = new Journal(store, documentMachine, {
      beforeSnapshot: (name, version) => this.#indexIds(name, version),
    });
  }

  /** Transforms the request's operation to the newest revision and applies it, or finds that it was applied already. */
  async edit(name: string, request: EditOperation__Output): Promise<Edited> {
    const operation = operationFromRequest(request);
    const { user_id: user, operation_id: operationId } = request;
    let found: number | undefined;
    const version = await this.journal.propose(name, async (at) => {
      if (operationId !== '') found = await this.#findId(name, at.state, operationKey(user, operationId));
      if (found !== undefined) return undefined;
      const applied = await this.#rebase(name, operation, request, at);
      const entry = entryFor(at.state, applied, { user, operationId, at: this.#now() });
      assertSize(at.state, entry);
      return entry;
    });
    return { sequence: found ?? version.sequence, duplicate: found !== undefined };
  }

  // The request's operation as one on the newest document.
  async #rebase(
    name: string,
    operation: Operation,
    request: EditOperation__Output,
    at: Version<Document>,
  ): Promise<Operation> {
    const { revision, content } = at.state;
    const base = request.base_revision ?? revision;
    if (base > revision) throw outOfRange('base_revision', `the document is at ${revision}`);
    if (base < revision - MAX_REVISIONS_BEHIND) {
      throw outOfRange(
        'base_revision',
        `is more than ${MAX_REVISIONS_BEHIND} behind; join the document again`,
      );
    }
    const since = await this.#operationsSince(name, base, at);
    const grown = since.reduce((sum, other) => sum + lengthChange(other), 0);
    assertInside(operation, content.length - grown);
    const applied = since.reduce((mine, other) => transform(mine, other, 'later'), operation);
    assertWholeCharacters(applied, content);
    if (since.length === 0 && request.operation_type.toUpperCase() === 'DELETE' && request.content !== '') {
      const { position } = request;
      if (content.slice(position, position + request.content.length) !== request.content) {
        throw new CoreError(status.FAILED_PRECONDITION, 'content: the document has another text at position');
      }
    }
    return applied;
  }

  // What was applied after a revision. An entry has at least one operation, so it lies within as many entries.
  async #operationsSince(name: string, base: number, at: Version<Document>): Promise<Operation[]> {
    const operations: Operation[] = [];
    const { revision } = at.state;
    let after = Math.max(0, at.sequence - (revision - base));
    while (after < at.sequence) {
      const records = await this.journal.log(name).read(after, Math.min(PAGE, at.sequence - after));
      if (records.length === 0) throw new Error('the log of a document ends before its last record');
      for (const record of records) {
        const entry = jsonFromBytes<DocumentEntry>(record.data);
        const first = entry.revision - entry.operations.length;
        for (const operation of entry.operations.slice(Math.max(0, base - first))) operations.push(operation);
        after = record.sequence;
      }
    }
    return operations;
  }

  async #findId(name: string, document: Document, key: string): Promise<number | undefined> {
    const recent = document.recentIds.find(([id]) => id === key);
    if (recent !== undefined) return recent[1];
    const found = await this.#index.get(indexKey(name, key));
    return found === undefined ? undefined : jsonFromBytes<number>(found.value);
  }

  async #indexIds(name: string, { state }: Version<Document>): Promise<void> {
    for (const [key, sequence] of state.recentIds) {
      const at = indexKey(name, key);
      if ((await this.#index.get(at)) !== undefined) continue;
      try {
        await this.#index.compareAndSet(at, bytesFromJson(sequence), 0);
      } catch (error) {
        // Another replica has just written the same.
        if (!(error instanceof StoreConflict)) throw error;
      }
    }
  }
}

// The digest of both names, always: a thousand operations of one document must not make keys without a bound.
function indexKey(name: string, key: string): string {
  return createHash('sha256')
    .update(JSON.stringify([name, key]))
    .digest('hex');
}

function assertSize(before: Document, entry: DocumentEntry): void {
  if (entry.bytes > MAX_DOCUMENT_BYTES && entry.bytes > before.bytes) {
    throw new CoreError(
      status.RESOURCE_EXHAUSTED,
      `content: the document would have more than ${MAX_DOCUMENT_BYTES} bytes`,
    );
  }
  const after = documentMachine.apply(before, entry, 0);
  if (after.formats.length > MAX_FORMATS && after.formats.length > before.formats.length) {
    throw new CoreError(
      status.RESOURCE_EXHAUSTED,
      `position: the document would have more than ${MAX_FORMATS} formatted ranges`,
    );
  }
}
