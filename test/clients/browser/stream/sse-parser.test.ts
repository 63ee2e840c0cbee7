import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { Code, createSseParser, SluiceError, type SseEvent } from '../../../../clients/browser/index.js';

const encoder = new TextEncoder();

function parse(text: string | Uint8Array, cuts: readonly number[] = []) {
  const parser = createSseParser();
  const bytes = typeof text === 'string' ? encoder.encode(text) : text;
  const events: SseEvent[] = [];
  let from = 0;
  for (const cut of [...cuts].sort((a, b) => a - b)) {
    const to = Math.min(Math.max(cut, from), bytes.length);
    events.push(...parser.push(bytes.subarray(from, to)));
    from = to;
  }
  events.push(...parser.push(bytes.subarray(from)));
  return { events, lastEventId: parser.lastEventId, retryMs: parser.retryMs };
}

const data = (text: string) => parse(text).events.map((event) => event.data);

t.test('a line ends with LF, CR or CRLF', async (t) => {
  for (const end of ['\n', '\r', '\r\n']) {
    t.same(data(`data: a${end}data: b${end}${end}data: c${end}${end}`), ['a\nb', 'c'], JSON.stringify(end));
  }
  t.same(data('data: a\r\rdata: b\n\r\n'), ['a', 'b'], 'mixed');
});

t.test('a CRLF that is cut in the middle is one line end', async (t) => {
  const text = 'data: a\r\ndata: b\r\n\r\n';
  for (let cut = 0; cut <= text.length; cut += 1) {
    t.same(
      parse(text, [cut]).events.map((event) => event.data),
      ['a\nb'],
      `cut at ${cut}`,
    );
  }
  t.same(parse('data: a\r\r', []).events.length, 1, 'a CR ends its line at once, it does not wait for an LF');
});

t.test('one byte order mark at the beginning is dropped, any other is text', async (t) => {
  t.same(data('\uFEFFdata: a\n\n'), ['a']);
  t.same(data('\uFEFF\uFEFFdata: a\n\n'), [], 'the second is part of a field name nobody knows');
  t.same(data('data: \uFEFFa\n\n'), ['\uFEFFa']);
  t.same(parse('\uFEFFdata: a\n\n', [1, 2]).events[0]?.data, 'a', 'cut in its middle');
});

t.test('one space after the colon is dropped, a field without a colon is empty', async (t) => {
  t.same(data('data:a\n\ndata:  b\n\ndata\n\ndata\ndata\n\ndata:\n\n'), ['a', ' b', '', '\n', '']);
  t.same(data(' data: a\n\nDATA: b\n\ndata : c\n\n'), [], 'names are exact');
});

t.test('an event without data is not given, and does not lend its name to the next', async (t) => {
  t.same(parse('event: end\n\ndata: a\n\n').events, [{ type: 'message', data: 'a', lastEventId: '' }]);
  t.same(parse('event: end\ndata: a\n\n').events[0]?.type, 'end');
  t.same(parse('event:\ndata: a\n\n').events[0]?.type, 'message', 'an empty name is none');
});

t.test('an id stays until the next one, and a block of nothing but an id moves it', async (t) => {
  t.same(
    parse('id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\n').events.map((event) => event.lastEventId),
    ['1', '1', ''],
  );
  t.equal(parse('id: 7\n\n').lastEventId, '7');
  t.equal(parse('data: a\nid: 7\n').lastEventId, '', 'not before its block is closed');
  t.equal(parse('id: 1\n\nid: 2\0\n\n').lastEventId, '1', 'an id with NUL is ignored');
  const parser = createSseParser({ lastEventId: '41' });
  t.equal(
    parser.push(encoder.encode('data: a\n\n'))[0]?.lastEventId,
    '41',
    'what the stream before ended with',
  );
});

t.test('retry counts only as digits', async (t) => {
  t.equal(parse('retry: 1500\n').retryMs, 1500);
  for (const bad of ['', '1.5', '-1', '+1', '1e3', '0x1', ' 5', '\u0661']) {
    t.equal(parse(`retry: 7\nretry: ${bad}\n`).retryMs, 7, JSON.stringify(bad));
  }
});

t.test('a comment is nothing, and an event that is not closed is never given', async (t) => {
  t.same(data(': hello\n:\n:data: no\ndata: a\n: in between\ndata: b\n\n'), ['a\nb']);
  t.same(data('data: a\n\ndata: b\n'), ['a']);
});

t.test('other Unicode line separators are text, and bad UTF-8 is replaced', async (t) => {
  t.same(data('data: a\u2028b\u2029c\u0085d\v\f\n\n'), ['a\u2028b\u2029c\u0085d\v\f']);
  const bytes = new Uint8Array([...encoder.encode('data: '), 0xff, ...encoder.encode('\n\n')]);
  t.same(parse(bytes).events[0]?.data, '\uFFFD');
});

t.test('an event beyond its bound fails, whatever it grows by', async (t) => {
  const kinds = ['data: ', ': ', 'x'];
  for (const start of kinds) {
    const parser = createSseParser({ maxEventLength: 1000 });
    const error = t.throws(() => {
      parser.push(encoder.encode(start));
      for (let count = 0; count < 20; count += 1) parser.push(encoder.encode('a'.repeat(100)));
    }, SluiceError) as unknown as SluiceError;
    t.equal(error.code, Code.RESOURCE_EXHAUSTED, start);
  }
  const lines = createSseParser({ maxEventLength: 1000 });
  t.throws(() => lines.push(encoder.encode('data\n'.repeat(2000))), SluiceError, 'by empty lines');
  const many = createSseParser({ maxEventLength: 1000 });
  t.equal(
    many.push(encoder.encode(`data: ${'a'.repeat(900)}\n\n`.repeat(50))).length,
    50,
    'each event counts alone',
  );
});

t.test('the events are the same however the bytes are cut', async () => {
  const piece = fc.constantFrom(
    ...[
      'data',
      'data:',
      'data: ',
      'id: ',
      'id',
      'event: ',
      'retry: ',
      ':',
      ' ',
      '\r',
      '\n',
      '\r\n',
      '\n\n',
      '\r\r',
    ],
    ...['1', '42', 'end', 'x', '\0', '\uFEFF', 'é', '€', '😀', '{"a":1}', '~end'],
  );
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 60 }),
      fc.array(fc.nat(200), { maxLength: 30 }),
      (pieces, cuts) => {
        const text = pieces.join('');
        const whole = parse(text);
        assert.deepEqual(parse(text, cuts), whole);
        const length = encoder.encode(text).length;
        assert.deepEqual(parse(text, [...Array(length).keys()]), whole, 'byte by byte');
      },
    ),
    { numRuns: 300 },
  );
});

t.test('what a writer writes is what comes out', async () => {
  const line = fc.string({ unit: 'binary' }).map((text) => text.replace(/[\r\n]/g, ' ').toWellFormed());
  const written = fc.record({
    type: line.filter((text) => text !== '' && text !== 'message'),
    id: line.map((text) => text.replaceAll('\0', '')),
    data: fc.array(line, { minLength: 1, maxLength: 4 }),
    end: fc.constantFrom('\n', '\r', '\r\n'),
  });
  fc.assert(
    fc.property(fc.array(written, { maxLength: 8 }), fc.array(fc.nat(400)), (events, cuts) => {
      const text = events
        .map(({ type, id, data: lines, end }) =>
          [`event: ${type}`, `id: ${id}`, ...lines.map((text) => `data: ${text}`), '', ''].join(end),
        )
        .join(': between\n');
      assert.deepEqual(
        parse(text, cuts).events,
        events.map(({ type, id, data: lines }) => ({ type, data: lines.join('\n'), lastEventId: id })),
      );
    }),
  );
});
