// `idle.mjs`: an upstream whose streams begin and then send nothing.
import { serveFrames } from './frames.mjs';

class IdleReply {
  finished = false;
  #isOpen = false;

  receive() {}

  halfClose() {}

  /** The head, with no message behind it. */
  take() {
    if (this.#isOpen) return undefined;
    this.#isOpen = true;
    return { buffers: [], payloadBytes: 0 };
  }
}

serveFrames(() => new IdleReply());
