import t from 'tap';
import { chooseMediaType, mediaTypeOf, namesMediaType, namesOnly } from '../../../gateway/wire/index.js';

const OFFERED = ['application/x-ndjson', 'text/event-stream', 'application/json'] as const;

t.test('chooses by quality, then by what is named first, then by what is offered first', async (t) => {
  const cases: [accept: string | undefined, chosen: string | undefined][] = [
    [undefined, 'application/x-ndjson'],
    ['', 'application/x-ndjson'],
    ['*/*', 'application/x-ndjson'],
    ['text/event-stream', 'text/event-stream'],
    ['TEXT/EVENT-STREAM; charset=utf-8', 'text/event-stream'],
    ['application/json', 'application/json'],
    ['application/*', 'application/x-ndjson'],
    ['application/json, text/event-stream', 'application/json'],
    ['application/json;q=0.5, text/event-stream', 'text/event-stream'],
    ['text/html,application/xhtml+xml,*/*;q=0.8', 'application/x-ndjson'],
    ['application/x-ndjson;q=0, */*', 'text/event-stream'],
    ['application/json, */*', 'application/json'],
    ['text/html', undefined],
    ['*/*;q=0', undefined],
    ['application/json;q=2', undefined],
    ['garbage', undefined],
  ];
  for (const [accept, chosen] of cases) t.equal(chooseMediaType(accept, OFFERED), chosen, accept ?? '(none)');
});

t.test('a hostile header costs no more than its first ranges', async (t) => {
  const hostile = `${'a/b,'.repeat(100_000)}application/json`;
  t.equal(chooseMediaType(hostile, OFFERED), undefined);
});

t.test('tells what a header names itself', async (t) => {
  t.equal(namesMediaType('text/html, text/event-stream;q=0.1', 'text/event-stream'), true);
  t.equal(namesMediaType('*/*', 'text/event-stream'), false);
  t.equal(namesMediaType('text/event-stream;q=0', 'text/event-stream'), false);
  t.equal(namesOnly('text/event-stream', 'text/event-stream'), true);
  t.equal(namesOnly('text/event-stream, */*', 'text/event-stream'), false);
  t.equal(namesOnly(undefined, 'text/event-stream'), false);
});

t.test('reads a content type without its parameters', async (t) => {
  t.equal(mediaTypeOf('Application/JSON; charset=utf-8'), 'application/json');
  t.equal(mediaTypeOf(undefined), undefined);
  t.equal(mediaTypeOf(' '), undefined);
});
