import { flagOf } from '../../gateway/options/index.js';
import { nameOf, type Settings } from '../options/index.js';

/** The options that are an address to listen on. */
const ADDRESSES = ['listen', 'adminListen', 'coreListen'];

/** Why the system lets nothing listen on an address. */
const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is taken',
  EACCES: 'that is not permitted',
  EADDRNOTAVAIL: 'this machine does not have that address',
};

/** A failure to listen in words, with the option that asks for the address; any other reason as it is. */
export function explainListenFailure(settings: Settings, reason: unknown): unknown {
  const { code = '', address, port } = (reason ?? {}) as { code?: string; address?: string; port?: number };
  const why = REASONS[code];
  if (why === undefined || port === undefined) return reason;
  const host = address?.includes(':') ? `[${address}]` : address;
  const has = ADDRESSES.filter((name) => settings.values[name] !== undefined);
  const asks = has.filter((name) => String(settings.values[name]).endsWith(`:${port}`));
  const names =
    asks.length > 0 ? asks.map((name) => nameOf(settings, name)) : has.map((name) => `--${flagOf(name)}`);
  return new Error(
    `cannot listen on ${host}:${port}: ${why}, choose another one with ${names.join(' or ')}`,
    { cause: reason },
  );
}
