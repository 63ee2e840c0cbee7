import type { DescMethod, DescService } from '@bufbuild/protobuf';
import { MethodOptions_IdempotencyLevel } from '@bufbuild/protobuf/wkt';
import { type CallOptions, createClient, type Transport } from '@connectrpc/connect';
import { foreignSchema } from '../../support/foreign.js';

/** A message of the foreign service as the client's library has it. */
export interface Item {
  readonly text: string;
  readonly number: number;
}

type Init = Partial<Item>;

/** The methods of the foreign service, as the published client makes them of its descriptor. */
export interface ForeignClient {
  ask(request: Init, options?: CallOptions): Promise<Item>;
  down(request: Init, options?: CallOptions): AsyncIterable<Item>;
  up(request: AsyncIterable<Init>, options?: CallOptions): Promise<Item>;
  both(request: AsyncIterable<Init>, options?: CallOptions): AsyncIterable<Item>;
}

/** `isSafe`: the client takes the methods for free of side effects, as the gateway does that have a GET rule. */
export async function foreignClient(transport: Transport, { isSafe = false } = {}): Promise<ForeignClient> {
  const service = (await foreignSchema()).registry.getService('foreign.v1.Foreign');
  if (service === undefined) throw new TypeError('no service');
  return createClient(isSafe ? safe(service) : service, transport) as unknown as ForeignClient;
}

function safe(service: DescService): DescService {
  const methods = service.methods.map(
    (method): DescMethod => ({
      ...method,
      idempotency: MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS,
    }),
  );
  const method = Object.fromEntries(methods.map((one) => [one.localName, one]));
  return { ...service, methods, method };
}
