import { Durations, RPC_BUCKETS_S } from './durations.js';
import type { Sample } from './family.js';

/** The durations of one side of the calls of a method, by what the conventions of OpenTelemetry tell apart: how the client speaks, and the code. */
export class RpcDurations {
  readonly #systems = new Map<string, Map<string, Durations>>();

  observe(system: string, code: string, seconds: number): void {
    let codes = this.#systems.get(system);
    if (codes === undefined) {
      codes = new Map();
      this.#systems.set(system, codes);
    }
    let durations = codes.get(code);
    if (durations === undefined) {
      durations = new Durations(RPC_BUCKETS_S);
      codes.set(code, durations);
    }
    durations.observe(seconds);
  }

  /** The series of a histogram of that name. */
  *samples(name: string, method: string): Iterable<Sample> {
    for (const [system, codes] of this.#systems) {
      for (const [code, durations] of codes) {
        yield* durations.samples(name, {
          rpc_system_name: system,
          rpc_method: method,
          rpc_response_status_code: code,
        });
      }
    }
  }
}
