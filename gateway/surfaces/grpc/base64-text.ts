import type { OutgoingHttpHeaders } from 'node:http';
import type { ByteWriter } from '../../codec/index.js';
import { RpcError } from '../../status/index.js';
import type { BodyText, FrameBody } from '../rpc/index.js';

const QUAD = 4;
const SEGMENT = /^[A-Za-z0-9+/]*={0,2}$/;

/**
 * The bytes of a body in base64, which may end and begin anew at any group of four characters: clients pad each piece that they flush. Holds three
 * characters at most. Source: grpc-web's protocol document, "Text-encoded".
 */
export class Base64Reader implements BodyText {
  /** Characters of a group that is not whole. */
  #begun = '';

  decode(piece: Buffer): Buffer {
    const text = this.#begun + piece.toString('latin1');
    const whole = text.length - (text.length % QUAD);
    this.#begun = text.slice(whole);
    const parts: Buffer[] = [];
    for (let start = 0; start < whole; ) {
      const padding = text.indexOf('=', start);
      const end = padding === -1 ? whole : Math.min(whole, padding - (padding % QUAD) + QUAD);
      const segment = text.slice(start, end);
      if (!SEGMENT.test(segment)) throw notBase64();
      parts.push(Buffer.from(segment, 'base64'));
      start = end;
    }
    return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
  }

  end(): void {
    if (this.#begun !== '') throw notBase64();
  }
}

function notBase64(): RpcError {
  return new RpcError('INVALID_MESSAGE', 'the request body is not base64');
}

/** Writes bytes as base64: each piece is padded by itself, so that a client can read it as soon as it is there. */
export class Base64Body implements FrameBody {
  readonly #inner: FrameBody;

  constructor(inner: FrameBody) {
    this.#inner = inner;
  }

  get closed(): boolean {
    return this.#inner.closed;
  }

  /** What goes before a piece goes before its base64. */
  begin(): void {}

  send(out: ByteWriter): Promise<void> | undefined {
    const text = out.buffer.toString('base64', 0, out.length);
    out.clear();
    this.#inner.begin(out);
    out.text(text);
    return this.#inner.send(out);
  }

  async end(bytes: Uint8Array = new Uint8Array(0), trailers?: OutgoingHttpHeaders): Promise<void> {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
    await this.#inner.end(Buffer.from(text, 'latin1'), trailers);
  }
}
