import type { ByteWriter } from '../../codec/index.js';

/** Where pieces of text go. */
export interface TextOutgoing {
  /** Nobody wants them any more. */
  readonly closed: boolean;
  /** Before a piece: appends what goes in front of it. */
  begin(out: ByteWriter): void;
  /** Sends what lies in `out` since `begin` and empties it. Resolves when there is room for more, or never will be; returns nothing when there is room at once. */
  send(out: ByteWriter): Promise<void> | undefined;
  /** What it puts around a piece, by name, where pieces may be sealed. Absent, and `undefined`: what leaves is of this client alone. */
  readonly sealing?: string | undefined;
  /** Takes what lies in `out` since `begin` as bytes that any other with the same `sealing` may send too. At least one message. */
  seal?(out: ByteWriter): Buffer;
  /** Sends such bytes, which stay as they are. Resolves as `send` does. */
  sendSealed?(bytes: Buffer): Promise<void> | undefined;
}

/** The same, where pieces may be sealed. */
export type SealingOutgoing = TextOutgoing &
  Required<Pick<TextOutgoing, 'seal' | 'sendSealed'>> & { readonly sealing: string };

export function canSeal(sink: TextOutgoing): sink is SealingOutgoing {
  return sink.sealing !== undefined && sink.seal !== undefined && sink.sendSealed !== undefined;
}

/** How a surface writes messages, where all clients of the same surface get the same bytes. */
export interface Framing {
  /** What it writes around each message: one object for all that write the same. */
  readonly frame: object;
  /** What writes a message. */
  readonly codec: object;
  /** The id of the last message that it wrote and that has one: encoding sets it. */
  lastId: string | undefined;
}
