import { exactJson } from './exact-json.js';

/** Parses the text of the editor. The error says what is wrong and where. */
export function messageFromText(text: string): unknown {
  if (text.trim() === '') return {};
  try {
    return exactJson(text);
  } catch (error) {
    throw new Error(`The request is not JSON: ${error instanceof Error ? error.message : error}`);
  }
}

/** Parses "name: value" lines. The error names the line. */
export function headersFromText(text: string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).trim().toLowerCase();
    if (colon < 1 || !/^[!#$%&'*+.^`|~\w-]+$/.test(name)) {
      throw new Error(`Header line ${index + 1} must look like "name: value"`);
    }
    headers[name] = line.slice(colon + 1).trim();
  }
  return headers;
}

/** The gRPC metadata that the headers of an HTTP request would be (PROTOCOL.md, section 3). */
export function metadataOf(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.replace(/^grpc-metadata-/, ''), value]),
  );
}
