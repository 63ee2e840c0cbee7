/**
 * Messages that a reader does not get: those behind `requested`, up to and with `resumed`. Both are ids as SSE has them (PROTOCOL.md section 6);
 * `requested` may be what the client sent, such as `~earliest`.
 */
export interface Gap {
  readonly requested: string;
  /** The id right before the next message. */
  readonly resumed: string;
}

/** Where the messages of a call begin. */
export interface CallStart {
  /** The id right before the first message that will come, as SSE has it; `undefined`: not known. */
  readonly lastEventId: string | undefined;
  /** Where the call is found that goes on without its clients: the last part of a path. */
  readonly location?: string | undefined;
  /** The client asked for more than there is: `resumed` is `lastEventId`. */
  readonly gap?: Gap | undefined;
}

/** The ids of the messages of a batch, where those are not fields of the messages. */
export interface MessageIds {
  /** That of the message at this index, as SSE has it. */
  of(index: number): string;
}

/** Ids that are a text and a number, which grows by one from message to message. */
export function denseIds(prefix: string, first: number): MessageIds {
  return { of: (index) => `${prefix}${first + index}` };
}
