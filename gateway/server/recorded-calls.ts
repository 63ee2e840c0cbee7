import { openCall, type Recorder } from '../recording/index.js';
import type { Recordings } from '../recording/record/index.js';
import type { ExchangeContext } from '../surfaces/index.js';
import type { ResolvedGatewayOptions } from './gateway-settings.js';

/** The recordings of a gateway. What makes them is loaded when the first call of a method with a rule comes. Whoever makes it closes it. */
export class RecordedCalls {
  readonly #options: Pick<ResolvedGatewayOptions, 'limits'>;
  readonly #context: Pick<ExchangeContext, 'transport' | 'meterOf'>;
  #recordings: Recordings | undefined;
  #loading: Promise<Recordings> | undefined;
  #isClosed = false;

  constructor(
    options: Pick<ResolvedGatewayOptions, 'limits'>,
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

  /** Those that there are: `undefined` where none has ever been. */
  get known(): Recordings | undefined {
    return this.#recordings;
  }

  /** What opens recorded calls. */
  readonly recorder = (): Recorder | Promise<Recorder> => {
    if (this.#recordings !== undefined) return this.#recordings;
    this.#loading ??= this.#load();
    return this.#loading;
  };

  /** Ends every recorded call. */
  close(): void {
    this.#isClosed = true;
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
      onEvicted: (method, messages, cause) => meterOf(method).evicted(messages, cause),
      onGap: (method) => meterOf(method).gap(),
    });
    if (this.#isClosed) recordings.close();
    this.#recordings = recordings;
    return recordings;
  }
}
