import type { Metadata } from '../status/index.js';

/** By what a service knows who calls: the `authorization` that the gateway has put into the metadata of a call. */
export interface CallToken {
  /** What it is in the metadata; where something else is there it is not ours any more. */
  readonly value: string;
  /** When the credential that it says ends, in epoch milliseconds; `undefined`: never. */
  readonly endsAt: number | undefined;
  /** What it would be now. Throws, or rejects with, UNAUTHENTICATED when the credential has ended. */
  renew(): string | Promise<string>;
}

/** What a call is asked with. */
export interface ToldMetadata {
  readonly metadata: Metadata;
  /** Absent: what the metadata says counts for as long as it is used. */
  readonly token?: CallToken | undefined;
}

const AUTHORIZATION = 'authorization';

/** What a call is asked with that is asked for again: its token counts now. Rejects with what `renew` does. */
export async function renewed(told: ToldMetadata): Promise<ToldMetadata> {
  const { metadata, token } = told;
  const isOurs = ([name, one]: readonly [string, string]) => name === AUTHORIZATION && one === token?.value;
  if (token === undefined || !metadata.some(isOurs)) return told;
  const value = await token.renew();
  if (value === token.value) return told;
  return {
    metadata: metadata.map((pair) => (isOurs(pair) ? [AUTHORIZATION, value] : pair)),
    token: { ...token, value, renew: () => token.renew() },
  };
}
