import type { Incoming } from '../../bridge/index.js';
import { Code, RpcError } from '../../status/index.js';
import type { SendBatch } from '../../upstream/index.js';
import type { MethodRequest, UnfinishedMessage } from '../exchange/index.js';
import { BodyReader, type WholeBody } from '../http/index.js';
import { type Frame, FrameReader } from './frame-reader.js';
import { type InflateMessage, inflateWhole, undeclared } from './inflate-message.js';

/** How the messages of a request are written in its body. */
export interface FrameRules {
  /** What makes a message plain that is marked as compressed; absent where the request declares no encoding. */
  readonly inflate: InflateMessage | undefined;
  /** The wire bytes of a message, where it is in another form (JSON). Throws INVALID_ARGUMENT. */
  readonly toWire?: ((message: Buffer) => Uint8Array) | undefined;
  /** Undoes what is around all the frames (base64), for one body. */
  readonly openText?: (() => BodyText) | undefined;
}

/** The bytes in a body that is text, piece by piece. Throws INVALID_ARGUMENT. */
export interface BodyText {
  decode(piece: Buffer): Buffer;
  /** The body has ended. */
  end(): void;
}

/** Messages in one batch, and their bytes: up to here they leave for the service in one buffer. */
const MAX_BATCH = 512;
const BATCH_BYTES = 24 * 1024;

/** The messages of a body of frames: the whole ones that have arrived are one batch. */
export class FrameIncoming implements Incoming {
  readonly #rules: FrameRules;
  readonly #body: BodyReader;
  readonly #unfinished: UnfinishedMessage;
  readonly #frames: FrameReader;
  readonly #text: BodyText | undefined;
  readonly #maxBytes: number;
  /** One that must be inflated, and what came before it has gone first. */
  #next: Frame | undefined;
  #hasMore = false;
  #ended = false;
  #closed = false;
  #failure: RpcError | undefined;

  /** `unfinished`: where a message counts until it is whole. Nothing of the body is read ahead. */
  constructor(request: MethodRequest, rules: FrameRules, unfinished: UnfinishedMessage) {
    this.#rules = rules;
    this.#unfinished = unfinished;
    this.#maxBytes = request.limits.maxMessageBytes;
    this.#frames = new FrameReader(this.#maxBytes);
    this.#text = rules.openText?.();
    this.#body = new BodyReader(request.http, request.limits, { aheadBytes: 0, pace: request.pace });
  }

  async read(): Promise<SendBatch | undefined> {
    for (;;) {
      if (this.#failure) throw this.#failure;
      if (!this.#hasMore) {
        if (this.#ended) return undefined;
        const chunk = await this.#body.read(this.#frames.heldBytes > 0);
        if (this.#closed) return undefined;
        this.#hasMore = true;
        this.#ended = chunk === undefined;
        try {
          if (chunk !== undefined) this.#frames.push(this.#text?.decode(chunk) ?? chunk);
        } catch (reason) {
          this.#failure = RpcError.from(reason);
          continue;
        }
      }
      const batch: Uint8Array[] = [];
      try {
        await this.#fill(batch);
        if (this.#ended && !this.#hasMore) this.#end();
      } catch (reason) {
        // The messages before the bad one were sent in good faith and go first.
        this.#failure = this.#unfinished.refusal ?? RpcError.from(reason);
      }
      if (this.#closed) return undefined;
      this.#unfinished.holds(this.#frames.heldBytes);
      if (batch.length > 0) return batch;
    }
  }

  close(): void {
    this.#closed = true;
    this.#ended = true;
    this.#hasMore = false;
    this.#next = undefined;
    this.#frames.close();
    this.#unfinished.holds(0);
    this.#body.close();
  }

  /** Takes whole frames until there are no more, or enough. */
  async #fill(batch: Uint8Array[]): Promise<void> {
    for (let bytes = 0; batch.length < MAX_BATCH && bytes < BATCH_BYTES; ) {
      const frame = this.#next ?? this.#frames.next();
      this.#next = undefined;
      if (frame === undefined) {
        this.#hasMore = false;
        return;
      }
      this.#body.messageEnded();
      if (frame.isCompressed && batch.length > 0) {
        this.#next = frame;
        return;
      }
      const plain = plainMessage(frame, this.#rules, (inflate, bytes) => inflate(bytes, this.#hold));
      // Only what has to be inflated is waited for: there may be hundreds of others in one read.
      const message = plain instanceof Promise ? await plain : plain;
      if (this.#closed) return;
      batch.push(message);
      bytes += message.length;
    }
  }

  /** A message is not whole while it is inflated. */
  readonly #hold = (bytes: number): boolean => {
    if (this.#closed) return false;
    this.#unfinished.holds(bytes);
    return !this.#unfinished.isRefused;
  };

  #end(): void {
    this.#text?.end();
    this.#frames.end();
  }
}

/** The message of a frame, as the service gets it. `inflated`: inflates one, and sees to what it holds. */
function plainMessage(
  { isCompressed, bytes }: Frame,
  { inflate, toWire }: FrameRules,
  inflated: (inflate: InflateMessage, bytes: Buffer) => Promise<Buffer>,
): Uint8Array | Promise<Uint8Array> {
  if (!isCompressed) return toWire === undefined ? bytes : toWire(bytes);
  if (inflate === undefined) throw undeclared();
  const plain = inflated(inflate, bytes);
  return toWire === undefined ? plain : plain.then(toWire);
}

/** The one message of a body that must have exactly one frame. */
export async function messageOfFrame(
  request: MethodRequest,
  rules: FrameRules,
  whole: WholeBody,
): Promise<Uint8Array> {
  const frames = new FrameReader(request.limits.maxMessageBytes);
  const text = rules.openText?.();
  let only: Frame | undefined;
  const check = (chunk: Buffer): void => {
    frames.push(text?.decode(chunk) ?? chunk);
    for (let frame = frames.next(); frame !== undefined; frame = frames.next()) {
      if (only !== undefined) throw notOne('more than one message');
      only = frame;
    }
  };
  const body = new BodyReader(request.http, request.limits, { pace: request.pace });
  try {
    await body.readEach(check, () => frames.heldBytes, whole);
    text?.end();
    frames.end();
  } finally {
    body.close();
  }
  if (only === undefined) throw notOne('no message');
  return await plainMessage(only, rules, (inflate, bytes) => inflateWhole(inflate, bytes, whole));
}

/** As gRPC's own servers have it: what the method does not take is not implemented. */
function notOne(what: string): RpcError {
  return new RpcError('UNEXPECTED_MESSAGE', `the request has ${what}, and the method takes one`, {
    code: Code.UNIMPLEMENTED,
  });
}
