import { createDeferred } from '../async/index.js';
import { openCall, type Recorder } from '../recording/index.js';
import type { Recordings } from '../recording/record/index.js';
import type { OnceBucket, Replicas } from '../recording/replica/index.js';
import type { Method } from '../schema/index.js';
import { RpcError } from '../status/index.js';
import type { ExchangeContext } from '../surfaces/index.js';
import type { ResolvedGatewayOptions } from './gateway-settings.js';
import { parseJournal } from './journal-place.js';
import type { LoadedSchema } from './loaded-schema.js';

/** The recordings of a gateway. What makes them is loaded when the first call of a method with a rule comes. Whoever makes it closes it. */
export class RecordedCalls {
  readonly #options: Pick<ResolvedGatewayOptions, 'limits' | 'journal' | 'journalAccess' | 'journalReplicas'>;
  readonly #context: Pick<ExchangeContext, 'transport' | 'meterOf'>;
  #recordings: Recordings | undefined;
  #loading: Promise<Recordings> | undefined;
  #replicas: Replicas | undefined;
  #once: OnceBucket | undefined;
  #isClosed = false;
  /** Calls that have all that they need, and will be at their locations in a moment. */
  readonly #beginning = new Map<string, Promise<void>>();

  constructor(
    options: Pick<ResolvedGatewayOptions, 'limits' | 'journal' | 'journalAccess' | 'journalReplicas'>,
    context: Pick<ExchangeContext, 'transport' | 'meterOf'>,
  ) {
    this.#options = options;
    this.#context = context;
  }

  /** How many recordings there are, and how many clients follow one; what they hold, in bytes. */
  get size(): number {
    return this.#recordings?.size ?? 0;
  }

  get readers(): number {
    return this.#recordings?.readers ?? 0;
  }

  get bytes(): number {
    return this.#recordings?.bytes ?? 0;
  }

  /** Other gateways have them too. */
  get areShared(): boolean {
    return parseJournal(this.#options.journal) !== undefined;
  }

  /** Those that there are: `undefined` where none has ever been. */
  get known(): Recordings | undefined {
    return this.#recordings;
  }

  /** What opens recorded calls. */
  readonly recorder = (): Recorder | Promise<Recorder> => this.#recordings ?? this.#loaded();

  #loaded(): Promise<Recordings> {
    this.#loading ??= this.#load();
    return this.#loading;
  }

  /** Reaches the journal that gateways share, where there is one. Rejects with an error that says what is wrong. */
  async connect(schema: () => LoadedSchema): Promise<void> {
    const { journal, journalAccess, journalReplicas } = this.#options;
    const place = parseJournal(journal);
    if (place === undefined) return;
    const { NatsLink, OnceBucket, Replicas } = await import('../recording/replica/index.js');
    const access = { ...journalAccess, isTls: place.isTls };
    const link = await NatsLink.open(place.servers, access, journalReplicas);
    this.#once = new OnceBucket(link);
    this.#replicas = await Replicas.open(link);
    const methodOf = (path: string) => schema().schema.methods.get(path);
    this.#replicas.adopter = {
      knows: async ({ method, version }) => {
        const found = methodOf(method);
        return found !== undefined && (await this.#loaded()).isSame(found, version);
      },
      adopt: async (epoch, record, request) => {
        const method = methodOf(record.method);
        const recordings = await this.#loaded();
        if (method === undefined || !recordings.isSame(method, record.version)) return;
        const requestCodec = schema().codec.forMessage(method.input);
        const onHealed = this.#context.meterOf(method).healed;
        recordings.adopt(epoch, record, request, { method, requestCodec, onHealed });
      },
    };
  }

  /** What each gateway with the same journal finds, and one of them takes. Throws where that journal has not been reached. */
  get once(): OnceBucket {
    if (this.#once === undefined) throw new RpcError('INTERNAL', 'there is no journal that gateways share');
    return this.#once;
  }

  /**
   * Hands recordings over to other gateways, where there are some. Resolves when none runs here any more that goes on without its clients: those are what
   * to wait for.
   */
  async leave(): Promise<void> {
    this.#replicas?.leave();
    await this.#recordings?.leave();
  }

  /** A call will be at a location in a moment: who asks for it waits until the returned function is called, because it is there, or never will be. */
  beginAt(location: string): () => void {
    const begun = createDeferred<void>();
    this.#beginning.set(location, begun.promise);
    return () => {
      this.#beginning.delete(location);
      begun.resolve();
    };
  }

  /** Finds what will be at a location in a moment, or is on another gateway; `undefined`: there is nothing to wait for. Rejects with UNAVAILABLE. */
  bring(location: string, methodOf: (path: string) => Method | undefined): Promise<void> | undefined {
    const beginning = this.#beginning.get(location);
    if (beginning === undefined && this.#replicas === undefined) return undefined;
    return Promise.all([this.recorder(), beginning]).then(() => this.#recordings?.bring(location, methodOf));
  }

  /** Ends every recorded call; other gateways go on with those that they share. */
  async close(): Promise<void> {
    this.#isClosed = true;
    // First, so that nobody is told that what ends here is over.
    await this.#replicas?.close();
    this.#recordings?.close();
  }

  async #load(): Promise<Recordings> {
    const { Recordings } = await import('../recording/record/index.js');
    const { transport, meterOf } = this.#context;
    const { journalBytes, maxPauseMs, detached, detachedPerPrincipal } = this.#options.limits;
    const recordings = new Recordings({
      openCall: (request) => openCall(transport, request),
      journalBytes,
      maxPauseMs,
      detached,
      detachedPerPrincipal,
      replicas: this.#replicas,
      onEvicted: (method, messages, cause) => meterOf(method).evicted(messages, cause),
      onGap: (method) => meterOf(method).gap(),
    });
    if (this.#isClosed) recordings.close();
    this.#recordings = recordings;
    return recordings;
  }
}
