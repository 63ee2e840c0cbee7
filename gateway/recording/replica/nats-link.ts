import {
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
  StorageType,
  type StoredMsg,
} from '@nats-io/jetstream';
import { type KV, Kvm, type KvOptions } from '@nats-io/kv';
import { connect, headers, type NatsConnection, nanos } from '@nats-io/transport-node';
import { RpcError } from '../../status/index.js';
import { accessOptions, type NatsAccess } from './nats-access.js';

/** The stream and the bucket that all gateways share: who wants others bounds makes them before the first gateway does. */
export const STREAM = 'SLUICE_JOURNAL';
export const BUCKET = 'sluice_recordings';
const SUBJECTS = 'sluice.journal';

/** Of all messages of all recordings; the oldest go first. */
const STREAM_BYTES = 1024 * 1024 * 1024;
/** What nobody has purged, because its gateway died, goes by itself. */
const KEPT_MS = 24 * 60 * 60 * 1_000;
/** Of an answer of the server. */
const ANSWER_MS = 2_000;
const START_MS = 5_000;
const RECONNECT_MS = 250;
/**
 * A connection on which nothing is answered is dead after three of these: by default the library notices it after minutes, and what is asked again and again would
 * wait in memory for as long.
 */
const PING_MS = 3_000;
/** Another one has written in between. */
export const WRONG_LAST_SEQUENCE = 10_071;
/** Headers are part of what `max_payload` bounds. */
const HEADER_BYTES = 4 * 1024;

/** A value of the bucket, and what it takes to write over it. */
export interface KeptValue {
  readonly text: string;
  readonly revision: number;
}

/** What lies in the stream. */
export interface StoredPiece {
  /** Its number in the stream. */
  readonly at: number;
  /** Which recording it is of. */
  readonly subject: string;
  readonly data: Uint8Array;
  readonly header: (name: string) => string;
  readonly time: Date;
}

/**
 * The connection to NATS. It comes back by itself; what is asked meanwhile fails within two seconds, and is for the caller to ask again. Needs a
 * server of 2.9 or later. Whoever opens one closes it.
 */
export class NatsLink {
  /** How many bytes a piece may have. */
  readonly pieceBytes: number;
  readonly #connection: NatsConnection;
  readonly #manager: JetStreamManager;
  readonly #bucket: KV;
  readonly #replicas: number;

  private constructor(connection: NatsConnection, manager: JetStreamManager, bucket: KV, replicas: number) {
    this.#replicas = replicas;
    this.#connection = connection;
    this.#manager = manager;
    this.#bucket = bucket;
    this.pieceBytes = Math.max(1, Math.min(512 * 1024, (connection.info?.max_payload ?? 0) - HEADER_BYTES));
  }

  /**
   * `servers`: "HOST:PORT" of each; `replicas`: how many of them keep what is made here, where it is not there yet. Rejects with an error that says what is wrong, within some
   * seconds.
   */
  static async open(servers: readonly string[], access: NatsAccess = {}, replicas = 1): Promise<NatsLink> {
    const connection = await connect({
      ...accessOptions(access),
      servers: [...servers],
      name: 'sluice',
      timeout: START_MS,
      pingInterval: PING_MS,
      maxPingOut: 2,
      maxReconnectAttempts: -1,
      reconnectTimeWait: RECONNECT_MS,
      reconnectJitter: RECONNECT_MS,
    }).catch((reason: unknown) => {
      throw notThere(`cannot reach ${servers.join(', ')}`, reason);
    });
    try {
      const manager = await jetstreamManager(connection, { timeout: ANSWER_MS });
      await manager.streams.info(STREAM).catch(() =>
        manager.streams.add({
          name: STREAM,
          subjects: [`${SUBJECTS}.*`],
          max_bytes: STREAM_BYTES,
          max_age: nanos(KEPT_MS),
          num_replicas: replicas,
        }),
      );
      const bounds = { ttl: KEPT_MS, history: 1, replicas };
      const bucket = await openKv(jetstream(connection), BUCKET, bounds);
      return new NatsLink(connection, manager, bucket, replicas);
    } catch (reason) {
      await connection.close();
      throw notThere(`${servers.join(', ')} has no JetStream for us`, reason);
    }
  }

  /** Appends to a subject whose last piece is at `last` (0: there is none); where it lies, or `undefined` when another is the last one. */
  async append(
    subject: string,
    last: number,
    fields: Readonly<Record<string, string>>,
    data: Uint8Array,
  ): Promise<number | undefined> {
    const given = headers();
    for (const [name, value] of Object.entries(fields)) given.set(name, value);
    given.set('Nats-Expected-Last-Subject-Sequence', String(last));
    const answer = await this.#connection.request(`${SUBJECTS}.${subject}`, data, {
      headers: given,
      timeout: ANSWER_MS,
    });
    const { seq, error } = answer.json<{
      seq?: number;
      error?: { err_code?: number; description?: string };
    }>();
    if (error?.err_code === WRONG_LAST_SEQUENCE) return undefined;
    if (error !== undefined || seq === undefined)
      throw new Error(`NATS did not take it: ${error?.description ?? 'no number'}`);
    return seq;
  }

  /** The first piece of a subject at `from` or later; `undefined`: none is there yet. */
  async next(subject: string, from: number): Promise<StoredPiece | undefined> {
    const query = { seq: from, next_by_subj: `${SUBJECTS}.${subject}` };
    // The library has no type for this question, which servers know since 2.9.
    return pieceOf(await this.#manager.streams.getMessage(STREAM, query as { seq: number }));
  }

  /** The last piece of a subject. */
  async last(subject: string): Promise<StoredPiece | undefined> {
    return pieceOf(
      await this.#manager.streams.getMessage(STREAM, { last_by_subj: `${SUBJECTS}.${subject}` }),
    );
  }

  /** Gives up all of a subject, or what lies before a piece. */
  async purge(subject: string, before?: number): Promise<void> {
    const filter = `${SUBJECTS}.${subject}`;
    await this.#manager.streams.purge(STREAM, before === undefined ? { filter } : { filter, seq: before });
  }

  async get(key: string): Promise<KeptValue | undefined> {
    const entry = await this.#bucket.get(key);
    return entry?.operation === 'PUT' ? { text: entry.string(), revision: entry.revision } : undefined;
  }

  /** Writes over what has this revision (`undefined`: over nothing); the new one, or `undefined` when something else is there. */
  async put(key: string, text: string, revision: number | undefined): Promise<number | undefined> {
    try {
      return revision === undefined
        ? await this.#bucket.create(key, text)
        : await this.#bucket.update(key, text, revision);
    } catch (reason) {
      if ((reason as { code?: number }).code === WRONG_LAST_SEQUENCE) return undefined;
      throw reason;
    }
  }

  async delete(key: string): Promise<void> {
    await this.#bucket.delete(key);
  }

  /** Tells who listens to it now, and waits for nobody. */
  tell(subject: string, text = ''): void {
    if (!this.#connection.isClosed()) this.#connection.publish(subject, text);
  }

  /** Calls `listener` with what is told, and answers with what it returns, until the function that is returned is called. */
  listen(
    subject: string,
    listener: (text: string) => string | undefined | Promise<string | undefined>,
  ): () => void {
    const subscription = this.#connection.subscribe(subject, {
      callback: (error, message) => {
        if (error !== null) return;
        // Who fails says nothing, and another one may answer.
        void answerOf(listener, message.string()).then((answer) => {
          if (answer !== undefined && !this.#connection.isClosed()) message.respond(answer);
        });
      },
    });
    return () => subscription.unsubscribe();
  }

  /** The first answer to a question; `undefined`: nobody gave one. Rejects when NATS is away. */
  async ask(subject: string, text = ''): Promise<string | undefined> {
    try {
      return (await this.#connection.request(subject, text, { timeout: ANSWER_MS / 4 })).string();
    } catch (reason) {
      if (this.#connection.isClosed()) throw reason;
      await this.#connection.flush();
      return undefined;
    }
  }

  /** Another bucket, in the memory of the server: what is in it goes with that, or after `ttlMs`. Rejects when NATS is away, or cannot hold so much. */
  async openBucket(name: string, bounds: { readonly ttlMs: number; readonly maxBytes: number }): Promise<KV> {
    return await openKv(jetstream(this.#connection, { timeout: ANSWER_MS }), name, {
      ttl: bounds.ttlMs,
      max_bytes: bounds.maxBytes,
      history: 1,
      storage: StorageType.Memory,
      replicas: this.#replicas,
    });
  }

  /** What was told has been sent when it resolves, where NATS is there. */
  async close(): Promise<void> {
    await this.#connection.close();
  }
}

/** A bucket, made where it is not there. Of several replicas only the leader is asked: another may not have yet what a gateway has just written. */
async function openKv(stream: JetStreamClient, name: string, options: Partial<KvOptions>): Promise<KV> {
  const bucket = await new Kvm(stream).create(name, options);
  const { replicas } = await bucket.status();
  return replicas === 1 ? bucket : await new Kvm(stream).create(name, { ...options, allow_direct: false });
}

async function answerOf(
  listener: (text: string) => string | undefined | Promise<string | undefined>,
  text: string,
): Promise<string | undefined> {
  try {
    return await listener(text);
  } catch {
    return undefined;
  }
}

function pieceOf(stored: StoredMsg | null): StoredPiece | undefined {
  if (stored === null) return undefined;
  const { seq, subject, data, header, time } = stored;
  return {
    at: seq,
    subject: subject.slice(SUBJECTS.length + 1),
    data,
    header: (name) => header.get(name),
    time,
  };
}

/** An error of the start. */
function notThere(problem: string, reason: unknown): Error {
  const { message } = reason instanceof Error ? reason : new Error(String(reason));
  return new Error(`journal: ${problem}: ${message}`, { cause: reason });
}

/** What a client is told while NATS is away. */
export function journalUnreachable(reason: unknown): RpcError {
  return new RpcError('JOURNAL_UNREACHABLE', 'the journal that the gateways share cannot be reached now', {
    cause: reason,
  });
}
