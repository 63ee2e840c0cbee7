import { compactJson } from '../json/exact-json.js';

/** Browsers and chats take addresses of this length. */
export const MAX_LINK_LENGTH = 8_000;

export interface LinkedCall {
  /** "/pkg.Service/Method" */
  readonly path: string;
  /** The request as JSON on one line; undefined for a link to the method alone. */
  readonly request: string | undefined;
  /** Where a detached call is that is joined; undefined for a link to none. */
  readonly location?: string | undefined;
}

/** The part of an address behind "#" that names a call. A request that is too long, or no JSON, is left out, and one of a call that is joined. */
export function hashFromCall({ path, request, location }: LinkedCall): string {
  const method = `#${path}`;
  if (location !== undefined) return `${method}?call=${encodeURIComponent(location)}`;
  const json = request === undefined ? undefined : compactJson(request);
  if (json === undefined) return method;
  const hash = `${method}?request=${encodeURIComponent(json)}`;
  return hash.length > MAX_LINK_LENGTH ? method : hash;
}

/** Reads such a part. What is not understood is left out. */
export function callFromHash(hash: string): LinkedCall {
  const text = hash.replace(/^#/, '');
  const question = text.indexOf('?');
  const path = decoded(question === -1 ? text : text.slice(0, question)) ?? '';
  if (question === -1) return { path, request: undefined };
  const query = text.slice(question + 1);
  const given = /(?:^|&)request=([^&]*)/.exec(query)?.[1];
  const request = given === undefined ? undefined : decoded(given);
  const call = decoded(/(?:^|&)call=([^&]*)/.exec(query)?.[1] ?? '');
  return {
    path,
    request: request === undefined ? undefined : compactJson(request),
    ...(call !== undefined && LOCATION.test(call) && { location: call }),
  };
}

/** PROTOCOL.md, section 22. */
const LOCATION = /^(?:\/[\w.~-]{1,100}){0,20}\/_sluice\/calls\/[\w-]{1,200}$/;

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
