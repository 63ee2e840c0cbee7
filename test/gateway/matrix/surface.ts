import type { CodeName } from '../../../gateway/status/index.js';

/** What a call moves: one message or many, down (to the client) and up. */
export type Kind = 'unary' | 'down' | 'up' | 'both';

/** How a call ended, as its client was told. */
export interface Outcome {
  /** Absent where the surface has no place for it: bytes that break off, a connection that is closed for another reason. */
  readonly code?: CodeName;
  /**
   * `head`: as the HTTP status; `stream`: after the head, as the last thing; `close`: by the close code of a socket; `break`: the
   * transfer broke off without a word.
   */
  readonly told: 'head' | 'stream' | 'close' | 'break';
  /** The HTTP status, or the close code. */
  readonly status: number;
}

/** What a client asks for when it begins. */
export interface Start {
  /** Names the call to the service: the value of the metadata `cell`. */
  readonly cell: string;
  readonly timeoutMs?: number;
  /** The text of the request where there is one; absent: it is sent with `send`, or is empty. */
  readonly text?: string;
}

/** One call of a client. Texts stand for messages. */
export interface Talk {
  /** What has come, as far as it was consumed. */
  readonly messages: readonly string[];
  /** The gateway has answered the head, or what stands for it. */
  readonly hasHead: boolean;
  /** Settles when nothing more can come. */
  readonly outcome: Promise<Outcome>;
  /** Sends a message. Only where the client has a stream. */
  send(text: string): void;
  /** Sends the first part of a message, and never the rest. */
  sendPart(): void;
  halfClose(): void;
  /** Bytes or messages given to `send` that have not left, and cannot while the gateway does not take them. */
  readonly pending: number;
  /** Stops consuming. */
  stall(): void;
  resume(): void;
  /** Says good-bye in the way of the surface. */
  cancel(): void;
  /** Leaves without a word. */
  cut(): void;
}

/** How a surface is called in what a test says. */
export function labelOf({ name, kind, over }: Surface): string {
  return `${name} (${kind}${over === undefined ? '' : `, ${over}`})`;
}

/** A way in which clients speak to the gateway. */
export interface Surface {
  readonly name: string;
  /** What it runs over, where that is not a connection of HTTP/1.1 for each call. */
  readonly over?: string | undefined;
  readonly kind: Kind;
  /** The method of the test's service that it calls. */
  readonly method: string;
  /** Whether a message that the client sends is one: an upload has bytes. */
  readonly hasMessagesUp: boolean;
  /** The request message is in the address. */
  readonly asksInAddress?: boolean;
  /** Resolves when the call has begun, which for HTTP is before its head. */
  start(url: string, start: Start): Promise<Talk>;
}
