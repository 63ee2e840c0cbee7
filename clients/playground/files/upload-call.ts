import { Code } from '../../browser/index.js';
import type { FileTransfer } from './file-transfer.js';
import { createSha256 } from './sha256.js';
import { endOfFileFrame, openUploadFrame, pieceFrame, uploadFrame } from './upload-frames.js';
import type { UploadMessages } from './upload-messages.js';

/** So much of the file is in memory and in each message: what services are commonly tuned for. */
const PIECE_BYTES = 64 * 1024;
const SUB_PROTOCOL = 'sluice.v1.proto';
const LOST = 'the connection was lost';
const NO_SOCKET =
  'no WebSocket to the gateway, which an upload from this page needs: curl sends files without one';

export interface UploadCallOptions {
  readonly gatewayAddress: string;
  /** "/pkg.Service/Method" */
  readonly path: string;
  /** gRPC metadata. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly file: Blob;
  readonly messages: UploadMessages;
  readonly onProgress: (sentBytes: number) => void;
  /** Passed before each piece: while it holds, nothing of the file is read or sent. */
  readonly passed: () => Promise<void>;
}

/** What has become of a file that was sent. */
export interface UploadAnswer {
  /** The last message of the service, encoded; undefined where it sent none. */
  readonly data: Uint8Array | undefined;
  /** The SHA-256 of what was sent, in hexadecimal. */
  readonly checksum: string;
}

/**
 * Sends a file as the messages of a call, on a session of its own, piece by piece as the service takes them: the gateway's credit says how much may be on the way, so at most that and
 * one piece of the file is in memory. A body of HTTP cannot do that: browsers let no page stop one.
 */
export function openUpload(options: UploadCallOptions): FileTransfer<UploadAnswer> {
  const { gatewayAddress, path, metadata, file, messages, onProgress, passed } = options;
  const socket = new WebSocket(`${gatewayAddress.replace(/^http/, 'ws')}/_sluice/session`, SUB_PROTOCOL);
  socket.binaryType = 'arraybuffer';
  const hash = createSha256();
  const credit = { messages: 0, bytes: 0 };
  let answer: Uint8Array | undefined;
  let isOver = false;
  let isWhole = false;
  let isOpen = false;
  /** Wakes who waits for credit. */
  let wake = () => {};

  const send = async (data: Uint8Array) => {
    while (!isOver && (credit.messages <= 0 || credit.bytes <= 0))
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    if (isOver) return;
    credit.messages -= 1;
    credit.bytes -= data.length;
    socket.send(pieceFrame(data));
  };
  const sendAll = async () => {
    if (messages.head !== undefined) await send(messages.head);
    // An empty file is one message.
    for (let at = 0; at === 0 || at < file.size; at += PIECE_BYTES) {
      await passed();
      if (isOver) return;
      const piece = new Uint8Array(await file.slice(at, at + PIECE_BYTES).arrayBuffer());
      hash.add(piece);
      await send(messages.next(piece));
      onProgress(Math.min(at + PIECE_BYTES, file.size));
    }
    if (isOver) return;
    isWhole = true;
    socket.send(endOfFileFrame());
  };
  let fail = (_text: string) => {};
  const done = new Promise<UploadAnswer>((resolve, reject) => {
    fail = (text) => reject(new Error(text));
    socket.addEventListener('open', () => {
      isOpen = true;
      socket.send(openUploadFrame(path.slice(1), metadata));
      sendAll().catch((reason: unknown) =>
        fail(`the file cannot be read: ${reason instanceof Error ? reason.message : String(reason)}`),
      );
    });
    socket.addEventListener('message', ({ data }) => {
      const frame = uploadFrame(new Uint8Array(data as ArrayBuffer));
      if (frame.kind === 'message') answer = frame.data;
      if (frame.kind === 'credit') {
        credit.messages += frame.messages;
        credit.bytes += frame.bytes;
        wake();
      }
      if (frame.kind !== 'end') return;
      if (frame.code !== 0) fail(`${nameOf(frame.code)}: ${frame.message}`);
      else if (isWhole) resolve({ data: answer, checksum: hash.hex() });
      else fail('the service has ended the call before it had the whole file');
    });
    socket.addEventListener('close', ({ reason }) => fail(reason || (isOpen ? LOST : NO_SOCKET)));
  });
  const close = () => {
    isOver = true;
    wake();
    socket.close();
  };
  return {
    done: done.finally(close),
    cancel() {
      fail('cancelled');
      close();
    },
  };
}

function nameOf(code: number): string {
  return Object.entries(Code).find(([, number]) => number === code)?.[0] ?? `code ${code}`;
}
