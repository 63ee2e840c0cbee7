/** How to reach the servers of NATS that keep recordings. */
export interface JournalPlace {
  /** "HOST:PORT" of each. */
  readonly servers: readonly string[];
  readonly isTls: boolean;
}

/** Who the gateway is for NATS, and whom it trusts: names of files, which are read at each connection. */
export interface JournalAccess {
  readonly user?: string | undefined;
  readonly passwordFile?: string | undefined;
  readonly credentials?: string | undefined;
  readonly ca?: string | undefined;
}

/** The servers of NATS that an option names; `undefined`: recordings are kept in memory. Throws a TypeError that says what is wrong. */
export function parseJournal(journal: string): JournalPlace | undefined {
  if (journal === 'memory') return undefined;
  const scheme = /^(?:nats|tls):\/\//.exec(journal)?.[0];
  if (scheme === undefined) {
    throw new TypeError(
      `journal must be memory, nats://HOST:PORT or tls://HOST:PORT, not ${JSON.stringify(shown(journal))}: further servers of the same cluster follow behind commas`,
    );
  }
  const servers = journal.split(',').map((entry) => {
    const address = entry.startsWith(scheme) ? entry.slice(scheme.length) : entry;
    if (address.includes('@')) {
      throw new TypeError(
        'journal must have no user in an address: see journalUser, journalPasswordFile and journalCredentials',
      );
    }
    if (!isAddress(address)) {
      throw new TypeError(
        `journal must have HOST:PORT behind ${scheme}, not ${JSON.stringify(address)}, for example 127.0.0.1:4222`,
      );
    }
    return address;
  });
  return { servers, isTls: scheme === 'tls://' };
}

/** Throws a TypeError for what does not fit together. */
export function assertJournalAccess({ user, passwordFile, credentials }: JournalAccess): void {
  if ((user === undefined) !== (passwordFile === undefined))
    throw new TypeError('journalUser and journalPasswordFile must be given together');
  if (user !== undefined && credentials !== undefined)
    throw new TypeError('journalCredentials must not be given beside journalUser');
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
