import type { Status } from '../../status/index.js';
import type { KnownRequest } from './hand-over.js';
import type { FilledJournal, SharedCall } from './shared-call.js';
import type { LogBounds } from './shared-log.js';
import type { SharedRecord } from './shared-records.js';

/** A recording of this gateway, as the others have to do with it. */
export interface Member {
  readonly epoch: string;
  readonly bounds: LogBounds;
  readonly journal: FilledJournal;
  /** Clients are here, or were a moment ago, or it goes on without. */
  readonly isWanted: () => boolean;
  /** It goes on without clients. */
  readonly isDetached: () => boolean;
  /** Another gateway was asked to end it. */
  readonly onStop: (status: Status) => void;
  /** Who led it does not keep it any more: nor does this gateway, but for who reads it here; false where somebody does. */
  readonly dropUnread: () => boolean;
  /** It goes on without clients, as another gateway was told so long ago, in milliseconds. */
  readonly onDetached: (ageMs: number) => void;
  /** The slowest reader of another gateway has been handed the message of this number; `undefined`: it has none any more. */
  readonly onPosition: (gateway: string, position: number | undefined) => void;
}

/** What a gateway knows of a recording that it has. */
export interface MemberEntry extends Member {
  /** Absent: nobody here knows it. */
  request?: KnownRequest | undefined;
  readonly call: SharedCall;
  record: SharedRecord;
  /** Since when nobody leads, in milliseconds of `performance`. */
  lostSince: number | undefined;
  isTrying: boolean;
  /** This gateway was its leader's deputy: nobody knows more of it. */
  isDeputed: boolean;
  touchedAt: number;
  readonly stopListening: () => void;
}
