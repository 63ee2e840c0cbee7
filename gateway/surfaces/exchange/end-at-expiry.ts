import { Alarm } from '../../async/index.js';
import { credentialExpired } from '../../security/index.js';
import type { ExchangeHandle } from './exchange-handle.js';
import type { ExchangePlan } from './exchange-plan.js';
import { expiryDelayMs } from './expiry.js';

/** Ends a stream when its credential does; whoever calls this clears the alarm. Nothing where neither side streams: that ends by itself. */
export function endAtExpiry(
  { principal: { expiresAt }, expiry, request: { method } }: ExchangePlan,
  exchange: ExchangeHandle,
): Alarm | undefined {
  if (expiresAt === undefined || expiry === undefined) return undefined;
  if (!method.requestStream && !method.responseStream) return undefined;
  const alarm = new Alarm({ onAlarm: () => exchange.abort(credentialExpired()) });
  alarm.set(expiryDelayMs(expiry, expiresAt - Date.now(), Math.random()));
  return alarm;
}
