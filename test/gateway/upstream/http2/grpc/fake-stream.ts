import { MessageReader } from '../../../../../gateway/upstream/http2/grpc/message-reader.js';
import type { ClientStream, WindowBudget } from '../../../../../gateway/upstream/http2/h2/index.js';
import type { Loan } from '../../../../../gateway/upstream/http2/h2/loans.js';

/** What a reader of messages needs of its stream. `turn` is what the connection does before it reads on. */
export class FakeStream {
  readonly windowBytes = 64 * 1024;
  readonly roundTripMs = 0;
  credited = 0;
  #loans: Loan[] = [];

  credit(bytes: number): void {
    this.credited += bytes;
  }

  lend(loan: Loan): void {
    this.#loans.push(loan);
  }

  turn(): void {
    for (const loan of this.#loans) loan.keep();
    this.#loans = [];
  }
}

const noBudget = { open() {}, grow() {}, delete() {}, reset() {} } as unknown as WindowBudget;

export function openReader(maxMessageBytes: number): { reader: MessageReader; stream: FakeStream } {
  const stream = new FakeStream();
  const reader = new MessageReader({ budget: noBudget, maxMessageBytes }, { onRead() {} });
  reader.attach(stream as unknown as ClientStream);
  return { reader, stream };
}
