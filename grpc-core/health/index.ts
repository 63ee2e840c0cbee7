import { status } from '@grpc/grpc-js';
import { Bell, CoreError } from '../base/index.js';
import { type Calls, type Handler, loadService } from '../rpc/index.js';

/** The full name of the service, as reflection lists it. */
export const HEALTH_SERVICE = 'grpc.health.v1.Health';

/** What a server says of its health. */
export interface Health {
  /** From now on nothing serves. Resolves when those who watch have been told, as far as they have room for it. */
  stop(): Promise<void>;
}

type Serving = 'SERVING' | 'NOT_SERVING' | 'SERVICE_UNKNOWN';
type HealthHandler<Response> = Handler<{ readonly service: string }, Response>;
interface Answer {
  readonly status: Serving;
}

/**
 * Adds the health service (grpc/health/v1/health.proto) to a server: `services` serve until `stop`; `''` among them is the server itself. A watch
 * lasts until its caller leaves or the server ends its streams.
 */
export function addHealth(calls: Calls, services: readonly string[]): Health {
  const changed = new Bell();
  let now: Serving = 'SERVING';
  const statusOf = (service: string): Serving => (services.includes(service) ? now : 'SERVICE_UNKNOWN');

  const check: HealthHandler<Answer> = async function* (requests) {
    for await (const { service } of requests) {
      if (!services.includes(service)) {
        const shown = service.slice(0, 500);
        throw new CoreError(status.NOT_FOUND, `Health status unknown for service ${shown}`);
      }
      yield { status: now };
    }
  };

  const watch: HealthHandler<Answer> = async function* (requests, { signal }) {
    for await (const { service } of requests) {
      let told: Serving | undefined;
      while (!signal.aborted) {
        const next = statusOf(service);
        if (next === told) await changed.wait(signal);
        else {
          told = next;
          yield { status: next };
        }
      }
    }
  };

  const list: HealthHandler<{ readonly statuses: Readonly<Record<string, Answer>> }> = async function* (
    requests,
  ) {
    for await (const _request of requests) {
      yield { statuses: Object.fromEntries(services.map((service) => [service, { status: now }])) };
    }
  };

  // Probes come often.
  calls.add(loadService(HEALTH_SERVICE), { Check: check, Watch: watch, List: list } as object, {
    quiet: true,
  });
  return {
    async stop() {
      now = 'NOT_SERVING';
      changed.ring();
      // A watch writes in the turn in which it wakes up.
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}
