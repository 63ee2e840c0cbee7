/**
 * `attachment` with a file name, in both spellings: plain ASCII for old clients, UTF-8 for the others. Only the last
 * path segment is used, and control characters are dropped. Sources: RFC 6266, RFC 8187.
 */
export function contentDisposition(path: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not pass
  const name = (path.split(/[/\\]/).at(-1) ?? '').replace(/[\u0000-\u001f\u007f]/g, '').toWellFormed();
  if (name === '' || name === '.' || name === '..') return 'attachment';
  const ascii = name.replace(/[^\x20-\x7e]/g, '_').replace(/["\\%]/g, '_');
  const encoded = encodeURIComponent(name).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return ascii === name
    ? `attachment; filename="${ascii}"`
    : `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}
