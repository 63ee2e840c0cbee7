import { createDeferred, type Deferred } from './deferred.js';

/** Messages received and not read yet. The queue has no bound of its own: its owner grants credit, or refuses messages. */
export interface MessageQueue<Message> {
  readonly length: number;
  put(message: Message): void;
  /** Says that no more messages follow. `error` is undefined for an end with OK. Only the first call has an effect. */
  end(error: unknown): void;
  /** Drops the messages that wait: the reader has left. */
  clear(): void;
  /** The next message; undefined after the last one of a call that ended with OK. Otherwise rejects with the error after the last message. */
  take(): Promise<Taken<Message>>;
}

type Taken<Message> = { readonly message: Message } | undefined;

/** Creates a queue. Several readers may wait in `take`: they get messages in the order of their calls. */
export function createMessageQueue<Message>(): MessageQueue<Message> {
  let messages: (Message | undefined)[] = [];
  /** Messages before this index were taken. Shifting a long array would cost its length each time. */
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
      for (const reader of waiting) settle(reader, error);
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
      const reader = createDeferred<Taken<Message>>();
      if (ended === undefined) waiting.push(reader);
      else settle(reader, ended.error);
      return reader.promise;
    },
  };
}
