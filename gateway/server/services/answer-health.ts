import { create, type DescMessage, fromBinary, type Registry, toBinary } from '@bufbuild/protobuf';
import type { Bell } from '../../async/index.js';
import { Code, RpcError } from '../../status/index.js';
import type { OwnHandler } from './own-call.js';

/** What the gateway knows of itself. */
export interface HealthView {
  /** It should get calls now. */
  isReady(): boolean;
  /** Rings when that may have changed. */
  readonly changed: Bell;
  /** The services that it exposes; none while their schema is not known. */
  services(): readonly string[];
}

const SERVICE = 'grpc.health.v1';
const SERVING = 1;
const NOT_SERVING = 2;
const SERVICE_UNKNOWN = 3;

/** The methods of `grpc.health.v1.Health`, by name. Source: grpc/doc/health-checking.md */
export function healthHandlers(registry: Registry, view: HealthView): Readonly<Record<string, OwnHandler>> {
  const type = (name: string) => registry.getMessage(`${SERVICE}.${name}`) as DescMessage;
  const asked = (bytes: Uint8Array) =>
    (fromBinary(type('HealthCheckRequest'), bytes) as unknown as { readonly service: string }).service;
  const answer = (status: number) =>
    toBinary(type('HealthCheckResponse'), create(type('HealthCheckResponse'), { status } as never));
  const own = () => (view.isReady() ? SERVING : NOT_SERVING);
  const statusOf = (service: string) =>
    service === '' || view.services().includes(service) ? own() : SERVICE_UNKNOWN;
  return {
    async *Check(requests) {
      for await (const request of requests) {
        const service = asked(request);
        const status = statusOf(service);
        if (status === SERVICE_UNKNOWN) {
          throw new RpcError('PATH_NOT_FOUND', 'there is no such service', { code: Code.NOT_FOUND });
        }
        yield answer(status);
      }
    },
    async *List(requests) {
      for await (const _ of requests) {
        const names = ['', ...view.services()];
        const statuses = Object.fromEntries(
          names.map((name) => [name, create(type('HealthCheckResponse'), { status: own() } as never)]),
        );
        yield toBinary(type('HealthListResponse'), create(type('HealthListResponse'), { statuses } as never));
      }
    },
    async *Watch(requests, signal) {
      for await (const request of requests) {
        const service = asked(request);
        for (let last: number | undefined; !signal.aborted; ) {
          const status = statusOf(service);
          if (status !== last) yield answer(status);
          last = status;
          if (statusOf(service) === last) await view.changed.waitWithin({ signal });
        }
      }
    },
  };
}
