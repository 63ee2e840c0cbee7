const SCHEME = 'nats://';

/** The servers of NATS that an option names, as "HOST:PORT"; `undefined`: recordings are kept in memory. Throws a TypeError that says what is wrong. */
export function parseJournal(journal: string): readonly string[] | undefined {
  if (journal === 'memory') return undefined;
  if (!journal.startsWith(SCHEME)) {
    throw new TypeError(
      `journal must be memory or nats://HOST:PORT, not ${JSON.stringify(shown(journal))}: further servers of the same cluster follow behind commas`,
    );
  }
  return journal.split(',').map((entry) => {
    const address = entry.startsWith(SCHEME) ? entry.slice(SCHEME.length) : entry;
    if (address.includes('@')) throw new TypeError('journal must have no user and no @ in an address');
    if (!isAddress(address)) {
      throw new TypeError(
        `journal must have HOST:PORT behind nats://, not ${JSON.stringify(address)}, for example 127.0.0.1:4222`,
      );
    }
    return address;
  });
}

function isAddress(address: string): boolean {
  const at = address.lastIndexOf(':');
  const host = address.slice(0, at);
  const port = Number(address.slice(at + 1));
  if (!/^\d{1,5}$/.test(address.slice(at + 1)) || port === 0 || port > 65_535) return false;
  return /^(?:[\w.-]+|\[[\da-fA-F:.]+\])$/.test(host);
}

/** Whoever has forgotten the scheme may have written a password. */
function shown(text: string): string {
  return text.includes('@') ? '...' : text;
}
