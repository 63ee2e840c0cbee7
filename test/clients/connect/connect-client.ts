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

export async function foreignClient(transport: Transport): Promise<ForeignClient> {
  const service = (await foreignSchema()).registry.getService('foreign.v1.Foreign');
  if (service === undefined) throw new TypeError('no service');
  return createClient(service, transport) as unknown as ForeignClient;
}
