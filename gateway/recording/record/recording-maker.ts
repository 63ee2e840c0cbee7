import type { Method } from '../../schema/index.js';
import type { Call } from '../../upstream/index.js';
import type { Member } from '../replica/index.js';
import { type Asked, type AskedCall, recordOf } from './asked-call.js';
import type { JournalMemory } from './journal-memory.js';
import type { KnownRecordings } from './known-recordings.js';
import { knownRequest, makeRecording, openRecorded } from './make-recording.js';
import { newEpoch } from './memory-journal.js';
import { ReadersToken } from './readers-token.js';
import type { Recording } from './recording.js';
import type { RecordingsOptions } from './recordings-options.js';

/** What a maker of recordings works with. */
export interface RecordingMakerOptions extends RecordingsOptions {
  readonly memory: JournalMemory;
  readonly known: KnownRecordings;
  readonly onChanged: (recording: Recording) => void;
}

/** Makes the recordings of a gateway, and makes them known. */
export class RecordingMaker {
  readonly #options: RecordingMakerOptions;

  constructor(options: RecordingMakerOptions) {
    this.#options = options;
  }

  /** Opens a call. `messages`: all that the client sends; `undefined`: it will send more. */
  begin(
    request: AskedCall,
    key: string,
    messages: readonly Uint8Array[] | undefined,
    epoch: string = newEpoch(),
  ): Recording {
    const { method, principal } = request;
    const { openCall, replicas } = this.#options;
    const cursor = request.resume?.last.kind === 'cursor' ? request.resume.last.cursor : undefined;
    const resume = cursor === undefined ? undefined : request.resume;
    const tokens = new ReadersToken(request.token);
    const open = () => openRecorded(openCall, { ...request, resume, token: tokens.ofCall() }, messages);
    const recording = this.make(method, key, principal, epoch, (member) => {
      if (replicas === undefined) return open();
      const record = recordOf(method, key, principal);
      // The others know of it already, but for that which is nobody else's.
      const claimed =
        messages === undefined ? replicas.records.claim(epoch, record, []).then(() => undefined) : undefined;
      return replicas.lead(member, record, open, claimed);
    });
    recording.tokens = tokens;
    if (messages !== undefined) this.knowRequest(recording, { request, messages });
    if (method.recording?.sharing === 'none') return recording;
    // What goes on after a cursor is not what others ask for who name none.
    if (cursor === undefined) this.#options.known.shared.set(key, recording);
    else this.#options.known.begunBehind(recording, cursor);
    return recording;
  }

  make(
    method: Method,
    key: string,
    principal: string,
    epoch: string,
    openCall: (member: Member) => Call,
  ): Recording {
    const recording = makeRecording({ method, key, principal, epoch, openCall }, this.#options);
    this.#options.known.byEpoch.set(epoch, recording);
    const isLedElsewhere = this.#options.replicas?.leads(epoch) === false;
    if (recording.rule.sharing !== 'none' && isLedElsewhere) this.#options.known.shared.set(key, recording);
    return recording;
  }

  /** A request that is for this one: who knows it can go on with it. */
  knowRequest(recording: Recording, asked: Asked): void {
    const { openCall, replicas } = this.#options;
    replicas?.knowRequest(recording.journal.epoch, knownRequest(openCall, recording, asked));
  }
}
