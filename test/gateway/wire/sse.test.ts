import fc from 'fast-check';
import t from 'tap';
import { formatSseComment, formatSseEvent, formatSseRetry } from '../../../gateway/wire/index.js';

/** A reader of server-sent events by the letter of the standard, for whole texts only. */
function parse(text: string): { event: string; id: string | undefined; data: string }[] {
  const events = [];
  for (const block of text.split('\n\n').slice(0, -1)) {
    let event = 'message';
    let id: string | undefined;
    const data: string[] = [];
    for (const line of block.split(/\r\n|\r|\n/)) {
      const colon = line.indexOf(':');
      if (colon === 0) continue;
      const field = colon === -1 ? line : line.slice(0, colon);
      const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
      if (field === 'event') event = value;
      if (field === 'id') id = value;
      if (field === 'data') data.push(value);
    }
    if (data.length > 0) events.push({ event, id, data: data.join('\n') });
  }
  return events;
}

t.test('data of any text comes back, its line breaks as LF', async (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (data) => {
      const [event, ...rest] = parse(formatSseEvent({ event: 'x', id: '7', data }));
      return (
        rest.length === 0 &&
        event?.event === 'x' &&
        event.id === '7' &&
        event.data === data.replace(/\r\n|\r/g, '\n')
      );
    }),
  );
  t.pass('every text');
});

t.test('a field that could forge another is refused', async (t) => {
  for (const bad of ['a\nb', 'a\rb', 'a\0b']) {
    t.throws(() => formatSseEvent({ id: bad, data: '' }), TypeError);
    t.throws(() => formatSseEvent({ event: bad, data: '' }), TypeError);
  }
});

t.test('comments and retry are one line each, without a blank one', async (t) => {
  t.equal(formatSseComment('a\nb'), ': a b\n');
  t.equal(formatSseRetry(1999.6), 'retry: 2000\n');
  t.equal(formatSseEvent({ event: 'error', retryMs: 5, data: '{}' }), 'event: error\nretry: 5\ndata: {}\n\n');
});
