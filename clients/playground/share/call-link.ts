/** Browsers and chats take addresses of this length. */
export const MAX_LINK_LENGTH = 8_000;

export interface LinkedCall {
  /** "/pkg.Service/Method" */
  readonly path: string;
  /** The request as JSON on one line; undefined for a link to the method alone. */
  readonly request: string | undefined;
}

/** The part of an address behind "#" that names a call. A request that is too long, or no JSON, is left out. */
export function hashFromCall({ path, request }: LinkedCall): string {
  const method = `#${path}`;
  const json = request === undefined ? undefined : onOneLine(request);
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
  const given = /(?:^|&)request=([^&]*)/.exec(text.slice(question + 1))?.[1];
  const request = given === undefined ? undefined : decoded(given);
  return { path, request: request === undefined ? undefined : onOneLine(request) };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** JSON without the white space between; undefined for what is no JSON. */
export function onOneLine(text: string): string | undefined {
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    return undefined;
  }
}
