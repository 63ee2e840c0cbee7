import type { CallRequest } from '../../recording/index.js';
import type { Call } from '../../upstream/index.js';
import type { ExchangeContext } from './exchange-context.js';
import type { ExchangePlan } from './exchange-plan.js';

/** Opens the call of an exchange. */
export type OpenRecorded = (request: CallRequest) => Call;

/** What opens the call of an exchange whose method has a rule for recordings; `undefined` for the others. */
export function recordedOpener(
  plan: ExchangePlan,
  { recorder }: Pick<ExchangeContext, 'recorder'>,
): Promise<OpenRecorded> | undefined {
  if (plan.request.method.recording === undefined || recorder === undefined) return undefined;
  const wish = { detach: false, ...plan.wish, principal: ownerOf(plan) };
  return Promise.resolve(recorder()).then((found) => (request) => found.open(request, wish));
}

/** Whose the calls of a client are. Without identity it is whoever has the same `authorization`. Nobody's key is another one's. */
export function ownerOf({ principal, metadata }: Pick<ExchangePlan, 'principal' | 'metadata'>): string {
  if (!principal.isAnonymous) return `principal ${principal.key}`;
  const values = metadata.filter(([name]) => name === 'authorization').map(([, value]) => value);
  return `authorization ${JSON.stringify(values)}`;
}
