import { createDeferred, type Deferred } from './deferred.js';

/** Messages that have come and were not taken yet. Its bound is the credit that its owner grants. */
export interface MessageQueue<Message> {
  readonly length: number;
  put(message: Message): void;
  /** Says that no more will come: undefined for a good end, else what the reader is to be told. Only the first end counts. */
  end(error: unknown): void;
  /** Throws away what waits: the reader has left. */
  clear(): void;
  /** The next message; undefined at a good end; rejects with the error once everything before it was taken. */
  take(): Promise<Taken<Message>>;
}

type Taken<Message> = { readonly message: Message } | undefined;

/** Creates a queue. Several may wait in `take`: the messages go to them in the order in which they asked. */
export function createMessageQueue<Message>(): MessageQueue<Message> {
  let messages: (Message | undefined)[] = [];
  /** What stands before it has been taken: to shift a long list costs its length. */
  let head = 0;
  let ended: { readonly error: unknown } | undefined;
  let waiting: Deferred<Taken<Message>>[] = [];
  const settle = ({ resolve, reject }: Deferred<Taken<Message>>, error: unknown) => {
    if (error === undefined) resolve(undefined);
    else reject(error);
  };
  return {
    get length() {
      return messages.length - head;
    },
    put(message) {
      if (ended !== undefined) return;
      const first = waiting.shift();
      if (first === undefined) messages.push(message);
      else first.resolve({ message });
    },
    end(error) {
      if (ended !== undefined) return;
      ended = { error };
      for (const one of waiting) settle(one, error);
      waiting = [];
    },
    clear() {
      messages = [];
      head = 0;
    },
    take() {
      if (messages.length > head) {
        const message = messages[head] as Message;
        messages[head] = undefined;
        head += 1;
        if (head * 2 > messages.length) {
          messages = messages.slice(head);
          head = 0;
        }
        return Promise.resolve({ message });
      }
      const asked = createDeferred<Taken<Message>>();
      if (ended === undefined) waiting.push(asked);
      else settle(asked, ended.error);
      return asked.promise;
    },
  };
}
