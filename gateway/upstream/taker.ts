import type { FormKey } from './shared-forms.js';

/** Where forms of messages go that others get too: of one client, whatever its surface. */
export interface Outlet extends FormKey {
  readonly sink: FormWriter;
  /** Set while it is given messages without being asked for room: tells `given` at once of what it was given. */
  pending: { settle(): void } | undefined;
  /** It was given messages: the id of the last one that has one, and when that was, in milliseconds of `performance`. */
  given(lastId: string | undefined, at: number): void;
}

/** What writes such forms. */
export interface FormWriter {
  /** Sends bytes that stay as they are; drops them when nobody wants them any more. Resolves when there is room for more, or never will be; returns nothing when there is room at once. */
  sendSealed(bytes: Buffer): Promise<void> | undefined;
}

/** Who takes messages of a call without reading them, where many take the same: in the form in which one of them has sent them. */
export interface Taker {
  readonly outlet: Outlet;
  /** Where bytes from the service are counted, for all of a surface. */
  readonly traffic: { down: number };
  /** So much was given; its traffic has been counted. */
  given(messages: number, bytes: number): void;
  /** Bounds a wait for room. */
  bound(room: Promise<void>): Promise<void>;
}
