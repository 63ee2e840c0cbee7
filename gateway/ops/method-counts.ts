import type { SlowReaderRule } from '../schema/index.js';
import { codeName } from '../status/index.js';
import type { FinishedExchange, HealResult, Meter } from '../surfaces/index.js';
import { Durations } from './durations.js';
import { RpcDurations } from './rpc-durations.js';

const HEAL_RESULTS: readonly HealResult[] = ['healed', 'failed', 'cancelled'];

/**
 * What is counted of one method: plain numbers, so that a call costs a few additions. Labels are made when somebody asks.
 */
export class MethodCounts implements Meter {
  /** Messages taken from clients. */
  up = 0;
  /** Messages taken from the service. */
  down = 0;
  /** Messages not delivered, by policy: another configuration may bring another one. `pause` has none. */
  readonly droppedMessages = new Map<SlowReaderRule['policy'], number>();
  #policy: SlowReaderRule['policy'] = 'pause';
  readonly durations = new Durations();
  /** Of exchanges, and of their calls. */
  readonly served = new RpcDurations();
  readonly called = new RpcDurations();
  /** By surface, then by code. */
  readonly #calls = new Map<string, Map<string, number>>();

  /** What is dropped from now on is dropped by this policy. */
  set policy(policy: SlowReaderRule['policy']) {
    if (policy === this.#policy) return;
    this.#policy = policy;
    if (policy !== 'pause') this.dropped(0);
  }

  dropped(messages: number): void {
    this.droppedMessages.set(this.#policy, (this.droppedMessages.get(this.#policy) ?? 0) + messages);
  }

  /** Of streams that broke, by what became of them. */
  readonly heals = new Map<HealResult, number>();

  /** Its streams are healed: a counter that begins late hides its first steps. */
  showHeals(): void {
    for (const result of HEAL_RESULTS) this.heals.set(result, this.heals.get(result) ?? 0);
  }

  /** May be handed on as it is. */
  readonly healed = (result: HealResult): void => {
    this.heals.set(result, (this.heals.get(result) ?? 0) + 1);
  };

  /** Messages that recordings have forgotten, by why; and readers that were told of that. */
  readonly evictedMessages = new Map<string, number>();
  gaps = 0;

  /** Its calls are recorded: the same. */
  showRecordings(causes: readonly string[]): void {
    for (const cause of causes) this.evicted(0, cause);
  }

  evicted(messages: number, cause: string): void {
    this.evictedMessages.set(cause, (this.evictedMessages.get(cause) ?? 0) + messages);
  }

  gap(): void {
    this.gaps += 1;
  }

  finished({ surface, code, rpcSystem, durationMs, callMs, report }: FinishedExchange): void {
    this.up += report.received;
    this.down += report.sent;
    let codes = this.#calls.get(surface);
    if (codes === undefined) {
      codes = new Map();
      this.#calls.set(surface, codes);
    }
    codes.set(code, (codes.get(code) ?? 0) + 1);
    this.durations.observe(durationMs / 1_000);
    this.served.observe(rpcSystem, code, durationMs / 1_000);
    this.called.observe('grpc', codeName(report.callCode), callMs / 1_000);
  }

  *calls(): Iterable<{ readonly surface: string; readonly code: string; readonly calls: number }> {
    for (const [surface, codes] of this.#calls) {
      for (const [code, calls] of codes) yield { surface, code, calls };
    }
  }
}
