import { status } from '@grpc/grpc-js';
import type { DocumentUpdate } from '../../../proto/types/streaming/DocumentUpdate.js';
import type { EditOperation__Output } from '../../../proto/types/streaming/EditOperation.js';
import { CoreError, invalid } from '../../base/index.js';
import type { Store } from '../../store/index.js';
import type { Step, Version } from '../journal/index.js';
import { BoundedQueue, type Member, Merge, Progress, type RoomKind } from '../member/index.js';
import { type Heartbeat, Presence } from '../presence/index.js';
import { assertName } from '../wire/index.js';
import type { Document, DocumentEntry } from './document.js';
import { Library } from './library.js';
import { updateOnDuplicate, updateOnJoin, updatesFromEntry } from './update.js';

// Answers to repeated operations that wait for their reader; then the reading of requests waits.
const MAX_WAITING_ANSWERS = 16;

/** What a member is served: an entry of the document, or the answer to an operation it had sent before. */
type Served =
  | { readonly step: Step<Document, DocumentEntry> }
  | { readonly repeated: EditOperation__Output; readonly at: number };

/**
 * Collaborative editing, ordered by the server. A stream joins a document with its first message to it, which need not have an
 * operation. It then gets the whole document once, and after it every update in order, each once, its own included: when
 * its own comes back, the operation has been applied and will not be lost.
 *
 * Positions mean the document at `base_revision`, without anything sent after it: send the next operation with the revision of
 * the own one that came back, or without `base_revision` to mean whatever is newest. An operation whose `operation_id` the
 * same user has used before, on any stream, counts once. A DELETE that names its text and is made against the newest
 * revision is refused with FAILED_PRECONDITION when another text is there; an older one is transformed instead.
 *
 * Half-close: the stream ends with OK after everything it had sent has come back.
 */
export function createDocuments(
  store: Store,
  heartbeat: Heartbeat,
  now: () => number,
): RoomKind<EditOperation__Output, DocumentUpdate> {
  const library = new Library(store, now);
  const presence = new Presence(store, 'document', heartbeat.leases, async () => undefined);
  heartbeat.watch(presence);

  const open = async (
    documentId: string,
    first: EditOperation__Output,
    stream: AbortSignal,
  ): Promise<Member<EditOperation__Output, DocumentUpdate>> => {
    const user = first.user_id;
    const from = await library.journal.current(documentId);
    await heartbeat.start();
    await presence.join(documentId, user);
    const progress = new Progress(from.sequence, stream);
    const answers = new BoundedQueue<Served>(MAX_WAITING_ANSWERS, progress.signal);

    return {
      responses: serve({
        library,
        documentId,
        user,
        from,
        progress,
        answers,
        users: () => presence.users(documentId),
        now,
      }),
      finish: () => progress.finish(),
      leave: () => presence.leave(documentId, user),
      accept: async (request) => {
        if (request.user_id !== user)
          throw invalid('user_id', 'must stay the same in a document; open another stream');
        if (request.operation_type === '') return;
        const { sequence, duplicate } = await library.edit(documentId, request);
        progress.sent(sequence);
        // Applied after this stream had joined: the update itself is the answer.
        if (!duplicate || sequence > from.sequence) return;
        progress.owe();
        await answers.put({ repeated: request, at: now() });
      },
    };
  };

  return {
    roomField: 'document_id',
    room: (request) => {
      assertName('user_id', request.user_id);
      return assertName('document_id', request.document_id);
    },
    open,
  };
}

interface Service {
  readonly library: Library;
  readonly documentId: string;
  readonly user: string;
  readonly from: Version<Document>;
  readonly progress: Progress;
  readonly answers: BoundedQueue<Served>;
  readonly users: () => readonly string[];
  readonly now: () => number;
}

async function* serve(service: Service): AsyncGenerator<DocumentUpdate, void, undefined> {
  const { library, documentId, from, progress } = service;
  const view = () => ({ documentId, users: service.users() });
  let document = from.state;
  yield updateOnJoin(view(), document, service.user, service.now());

  const merge = new Merge<Served>();
  merge.add(steps(library, documentId, from, progress.signal));
  merge.add(service.answers);
  merge.end();
  for await (const served of merge) {
    if ('step' in served) {
      const { before, state, entry, sequence } = served.step;
      if (entry !== undefined) yield* updatesFromEntry(view(), before, state, entry);
      document = state;
      progress.delivered(sequence);
    } else {
      yield updateOnDuplicate(view(), document, served.repeated, served.at);
      progress.paid();
    }
    if (progress.signal.aborted) return;
  }
}

async function* steps(
  library: Library,
  documentId: string,
  from: Version<Document>,
  signal: AbortSignal,
): AsyncGenerator<Served, void, undefined> {
  for await (const step of library.journal.follow(documentId, from, signal)) yield { step };
  if (!signal.aborted) throw new CoreError(status.UNAVAILABLE, 'the core is shutting down');
}
