import { hash, randomBytes } from 'node:crypto';
import { isOwnOrigin, type PageRules } from '../origin.js';
import type { ShowingRequest, TokenCredential } from './credential.js';
import type { Principal } from './principal.js';
import { credentialRefused } from './refused-credential.js';
import { sealWith, unsealWith } from './sealed-ticket.js';
import { type KeptTicket, MemoryTicketStore, type TicketStore } from './ticket-store.js';

/** How long a ticket is good, in milliseconds: a page fetches it right before it uses it, and an address may be written down somewhere. */
export const DEFAULT_TICKET_MS = 30_000;

/** 256 bits that nobody guesses. */
const TICKET_RANDOM_BYTES = 32;
const FORM = /^[\w-]{43}$/;

/** What a client gets that asks for a ticket. */
export interface IssuedTicket {
  readonly ticket: string;
  readonly expiresInMs: number;
}

/** Gives tickets for tokens, and a token for each ticket, once. */
export class Tickets {
  readonly #store: TicketStore;

  constructor(store: TicketStore = new MemoryTicketStore()) {
    this.#store = store;
  }

  /** `origin`: the `Origin` of the request that asks, which alone may use it. A ticket is never good for longer than its token. */
  async issue(
    { token }: { readonly token: string },
    { key, expiresAt }: Principal,
    origin: string | undefined,
    ttlMs: number,
  ): Promise<IssuedTicket> {
    const left = expiresAt === undefined ? ttlMs : expiresAt - Date.now();
    const expiresInMs = Math.max(0, Math.min(ttlMs, left));
    const ticket = randomBytes(TICKET_RANDOM_BYTES).toString('base64url');
    await this.#store.put(idOf(ticket), this.#kept(ticket, { token, origin }), key, ttlMs);
    return { ticket, expiresInMs };
  }

  /** Whether it was given here, and has not been used. False also where that cannot be said at once. */
  isGiven(ticket: string): boolean {
    return FORM.test(ticket) && this.#store.has?.(idOf(ticket)) === true;
  }

  /**
   * The token that a ticket stands for, at once where the store answers at once. Whoever shows one uses it up, also from a place where it is not good. Throws,
   * or rejects with, UNAUTHENTICATED.
   */
  redeem(
    ticket: string,
    shownBy: ShowingRequest,
    pages: PageRules,
  ): TokenCredential | Promise<TokenCredential> {
    if (!FORM.test(ticket)) throw credentialRefused('the ticket does not have the form of a ticket');
    const take = (found: KeptTicket | undefined): TokenCredential => {
      const kept = found && this.#found(ticket, found);
      if (kept === undefined) throw credentialRefused('the ticket is unknown, too old, or was used');
      if (!isBoundTo(kept.origin, shownBy, pages)) throw credentialRefused('the ticket is of another origin');
      return { kind: 'token', token: kept.token };
    };
    const kept = this.#store.take(idOf(ticket));
    return kept instanceof Promise ? kept.then(take) : take(kept);
  }

  /** As it is put into the store. */
  #kept(ticket: string, kept: KeptTicket): KeptTicket {
    if (this.#store.isShared !== true) return kept;
    return { token: sealWith(ticket, JSON.stringify(kept)), origin: undefined };
  }

  /** What a store has given back; `undefined` where somebody else has put that there. */
  #found(ticket: string, kept: KeptTicket): KeptTicket | undefined {
    if (this.#store.isShared !== true) return kept;
    const text = unsealWith(ticket, kept.token);
    return text === undefined ? undefined : (JSON.parse(text) as KeptTicket);
  }
}

/** A store, or whoever reads it, has no ticket that could be used. */
function idOf(ticket: string): string {
  return hash('sha256', ticket, 'base64url');
}

/** A browser sends no `Origin` with a GET of a page to its own origin: `Sec-Fetch-Site` says then that it is that. */
function isBoundTo(origin: string | undefined, request: ShowingRequest, pages: PageRules): boolean {
  const { origin: shown, 'sec-fetch-site': site } = request.headers;
  if (shown !== undefined || origin === undefined) return shown === origin;
  return site === 'same-origin' && isOwnOrigin(origin, request, pages);
}
