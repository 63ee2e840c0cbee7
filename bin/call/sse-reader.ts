/** One event of a stream of events. */
export interface ReceivedEvent {
  /** "message" where the stream names none. */
  readonly event: string;
  readonly data: string;
  /** The last id that the stream has said. */
  readonly id: string;
}

/**
 * The events of a body. Source: the HTML standard, "Interpreting an event stream". An event that is not whole at the end does not count. Rejects for one that
 * is longer than so many characters.
 */
export async function* readEvents(
  body: AsyncIterable<Uint8Array>,
  maxLength: number,
): AsyncGenerator<ReceivedEvent> {
  const decoder = new TextDecoder();
  let rest = '';
  let event = '';
  let data: string[] = [];
  let length = 0;
  let id = '';
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const text = line.endsWith('\r') ? line.slice(0, -1) : line;
      if (text === '') {
        if (data.length > 0) yield { event: event || 'message', data: data.join('\n'), id };
        event = '';
        data = [];
        length = 0;
        continue;
      }
      const colon = text.indexOf(':');
      const name = colon < 0 ? text : text.slice(0, colon);
      const value = colon < 0 ? '' : text.slice(colon + 1).replace(/^ /, '');
      if (name === 'event') event = value;
      else if (name === 'id') id = value;
      else if (name === 'data') {
        data.push(value);
        length += value.length;
      }
    }
    if (length + rest.length > maxLength) throw new Error(`an event of more than ${maxLength} characters`);
  }
}
