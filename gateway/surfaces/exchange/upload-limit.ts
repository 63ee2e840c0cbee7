import { bytesOf, type Incoming } from '../../bridge/index.js';
import { RpcError } from '../../status/index.js';
import type { SendBatch } from '../../upstream/index.js';
import { type MethodRequest, uploadOf } from './method-request.js';

/** The bytes of one upload, as they come. */
export class UploadLimit {
  readonly #most: number;
  readonly #refusal: () => RpcError;
  #bytes = 0;

  /** `most`: in bytes; 0: any number. `refusal`: why it is over, when it is. */
  constructor(most: number, refusal: () => RpcError) {
    this.#most = most === 0 ? Number.POSITIVE_INFINITY : most;
    this.#refusal = refusal;
  }

  /** More has come. Throws what refuses it where that is too much. */
  add(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > this.#most) throw this.#refusal();
  }

  /** So much is announced. Throws the same, before anything of it is read. */
  announce(bytes: number): void {
    if (bytes > this.#most) throw this.#refusal();
  }
}

/** Any number of bytes, of any number of uploads. */
export const ANY_UPLOAD = new UploadLimit(
  0,
  () => new RpcError('INTERNAL', 'an upload without a limit is over it'),
);

/**
 * Bounds the messages of a call that takes a file, where that does not come as bytes: other surfaces must not be a way around the limit. `abort`: ends the exchange,
 * also where answers wait for the client. What both sides stream is no upload.
 */
export function boundUpload(
  inner: Incoming,
  request: MethodRequest,
  limit: UploadLimit,
  abort: (reason: RpcError) => void,
): Incoming {
  const { method, limits } = request;
  const isUpload = !method.responseStream && (method.upload ?? uploadOf(request)) !== undefined;
  if (limits.uploadBytes === 0 || !isUpload) return inner;
  const count = (batch: SendBatch | undefined): SendBatch | undefined => {
    if (batch === undefined) return undefined;
    try {
      limit.add(bytesOf(batch));
    } catch (reason) {
      abort(reason as RpcError);
      throw reason;
    }
    return batch;
  };
  return {
    read() {
      const batch = inner.read();
      return batch instanceof Promise ? batch.then(count) : (count(batch) as SendBatch);
    },
    close: () => inner.close(),
  };
}
