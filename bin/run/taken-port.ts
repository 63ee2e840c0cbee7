import { flagOf } from '../../gateway/options/index.js';
import { nameOf, type Settings } from '../options/index.js';

/** The options that are an address to listen on. */
const ADDRESSES = ['listen', 'adminListen', 'coreListen'];

/** What the system says of a port that is taken, with the option that asks for it; any other reason as it is. */
export function explainTakenPort(settings: Settings, reason: unknown): unknown {
  const { code, address, port } = (reason ?? {}) as { code?: string; address?: string; port?: number };
  if (code !== 'EADDRINUSE') return reason;
  const host = address?.includes(':') ? `[${address}]` : address;
  const has = ADDRESSES.filter((name) => settings.values[name] !== undefined);
  const asks = has.filter((name) => String(settings.values[name]).endsWith(`:${port}`));
  const names =
    asks.length > 0 ? asks.map((name) => nameOf(settings, name)) : has.map((name) => `--${flagOf(name)}`);
  return new Error(
    `cannot listen on ${host}:${port}: the port is taken, choose another one with ${names.join(' or ')}`,
    { cause: reason },
  );
}
