import t from 'tap';
import { chooseCoding, forbidsTransform } from '../../../gateway/wire/index.js';

t.test('the coding that the client likes most, and none where it did not ask', async (t) => {
  const cases: [header: string | undefined, coding: string | undefined][] = [
    [undefined, undefined],
    ['', undefined],
    [' ', undefined],
    ['gzip', 'gzip'],
    ['GZIP', 'gzip'],
    ['x-gzip', 'gzip'],
    ['br', 'br'],
    ['gzip, deflate, br, zstd', 'gzip'],
    ['br, gzip', 'gzip'],
    ['br;q=1, gzip;q=0.9', 'br'],
    ['gzip;q=0.1,br;q=0.2', 'br'],
    ['deflate', undefined],
    ['zstd, deflate', undefined],
    ['*', 'gzip'],
    ['*;q=0.5', 'gzip'],
    ['*;q=0', undefined],
    ['gzip;q=0, *', 'br'],
    ['gzip;q=0', undefined],
    ['gzip;q=0, br;q=0', undefined],
    ['identity', undefined],
    ['identity;q=1, gzip;q=0.5', undefined],
    ['identity;q=0.5, gzip;q=1', 'gzip'],
    ['identity;q=0.5, gzip;q=0.5', 'gzip'],
    ['identity;q=0', undefined],
    ['identity;q=0, br', 'br'],
    ['gzip;q=2', undefined],
    ['gzip;q=x', undefined],
    ['gzip;q=-1', undefined],
    ['gzip ; q=0.5', 'gzip'],
    ['gzip;level=9;q=0.001', 'gzip'],
    [';q=1', undefined],
    [`${'x,'.repeat(100_000)}gzip`, undefined],
    ['__proto__', undefined],
  ];
  for (const [header, coding] of cases) {
    t.equal(chooseCoding(header, ['gzip', 'br']), coding, `${header?.slice(0, 60)}`);
  }
  t.equal(chooseCoding('gzip, br', ['br', 'gzip']), 'br', 'between equals the first that is offered');
  t.equal(chooseCoding('gzip', []), undefined);
});

t.test('no-transform is a directive of its own', async (t) => {
  for (const header of ['no-transform', 'no-cache, No-Transform', ' no-transform ']) {
    t.equal(forbidsTransform(header), true, header);
  }
  for (const header of [undefined, '', 'no-cache', 'x="no-transform"', 'no-transformation']) {
    t.equal(forbidsTransform(header), false, String(header));
  }
});
