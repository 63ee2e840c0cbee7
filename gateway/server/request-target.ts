/** Path and query of a request target, also of one in absolute form. Source: RFC 9112 section 3.2.2. */
export function splitTarget(target = '/'): [path: string, search: string] {
  const url = target.startsWith('/') ? target : target.replace(/^https?:\/\/[^/?#]*/i, '');
  const mark = url.indexOf('?');
  return mark === -1 ? [url, ''] : [url.slice(0, mark), url.slice(mark + 1)];
}
