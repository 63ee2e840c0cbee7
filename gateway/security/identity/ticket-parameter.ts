import type { IncomingMessage } from 'node:http';

/** The parameter of an address that is a ticket. */
const NAME = 'ticket';

/**
 * Takes the tickets out of the address of a request, and gives them back: nobody behind this sees them. What is encoded is compared as a reader of
 * fields would read it.
 */
export function takeTickets(request: Pick<IncomingMessage, 'url'>): readonly string[] {
  const { url = '' } = request;
  const mark = url.indexOf('?');
  if (mark === -1) return NOTHING;
  const search = url.slice(mark + 1);
  // Most addresses cannot have one.
  if (!search.includes(NAME) && !search.includes('%')) return NOTHING;
  const tickets: string[] = [];
  const rest: string[] = [];
  for (const pair of search.split('&')) {
    const equals = pair.indexOf('=');
    const name = equals === -1 ? pair : pair.slice(0, equals);
    if (decoded(name) === NAME) tickets.push(equals === -1 ? '' : decoded(pair.slice(equals + 1)));
    else rest.push(pair);
  }
  if (tickets.length === 0) return NOTHING;
  request.url = url.slice(0, mark) + (rest.length === 0 ? '' : `?${rest.join('&')}`);
  return tickets;
}

const NOTHING: readonly string[] = [];

/** What is broken stays as it is: it is no ticket, and what it is somebody else says. */
function decoded(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
