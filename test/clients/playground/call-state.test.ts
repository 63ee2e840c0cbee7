import t from 'tap';
import { reportLines } from '../../../clients/playground/call/gap-report.js';
import { createGapWatch } from '../../../clients/playground/call/gap-watch.js';
import { createMessageRate, rateText } from '../../../clients/playground/call/message-rate.js';
import {
  createMessageStore,
  MAX_RECORD_LENGTH,
  MAX_RECORDS,
  MAX_STORED_LENGTH,
} from '../../../clients/playground/call/message-store.js';
import { createChartData, MAX_SERIES } from '../../../clients/playground/messages/chart-data.js';
import { createRecordList } from '../../../clients/playground/messages/record-list.js';

t.test('rates are right: two a second are two a second, and so are bursts', async (t) => {
  for (const [everyMs, each, perSecond] of [
    [500, 1, 2],
    [1000, 2, 2],
    [1000, 1, 1],
    [4000, 1, 0.25],
    [100, 5, 50],
    [10, 20, 2000],
  ] as const) {
    const rate = createMessageRate();
    const startMs = 12_345;
    let nowMs = startMs;
    for (; nowMs < startMs + 20_000; nowMs += everyMs) {
      for (let message = 0; message < each; message += 1) rate.count(nowMs);
    }
    const found = rate.perSecond(nowMs - everyMs) ?? 0;
    t.ok(Math.abs(found - perSecond) / perSecond < 0.12, `${each} every ${everyMs} ms: ${found}`);
  }
  const rate = createMessageRate();
  for (let second = 1; second <= 30; second += 1) {
    // Two messages of one tick, in slots of time beside each other.
    rate.count(second * 1000 - 5);
    rate.count(second * 1000 + 5);
    if (second > 12) t.equal(rateText(rate.perSecond(second * 1000 + 10) ?? 0), '2 a second');
  }
  t.equal(rateText(2), '2 a second');
  t.equal(rateText(0.25), '0.3 a second');
  t.equal(rateText(2012.4), '2,012 a second');
});

t.test('what is said at once, when a stream begins, makes no rate wrong', async (t) => {
  for (let offBeatMs = 50; offBeatMs < 1_000; offBeatMs += 50) {
    const rate = createMessageRate();
    const say = (nowMs: number) => {
      rate.count(nowMs);
      rate.count(nowMs);
    };
    say(500);
    for (let beat = 0; beat < 20; beat += 1) {
      const nowMs = 500 + offBeatMs + beat * 1_000;
      say(nowMs);
      // The resolution of a few slots is more than a tenth of a short time.
      const off = Math.abs((rate.perSecond(nowMs) ?? 0) - 2);
      if (beat >= 3) t.ok(off <= 0.15, `${offBeatMs} ms off the beat, ${beat} beats: ${off}`);
    }
  }
});

t.test('a rate is unknown at first, falls when nothing comes, and ends at zero', async (t) => {
  const rate = createMessageRate();
  t.equal(rate.perSecond(0), undefined);
  rate.count(0);
  t.equal(rate.perSecond(50), undefined, 'one message has no rate');
  for (let nowMs = 0; nowMs <= 5_000; nowMs += 500) rate.count(nowMs);
  const before = rate.perSecond(5_000) ?? 0;
  const after = rate.perSecond(9_000) ?? 0;
  t.ok(after < before && after > 0, `${before}, then ${after}`);
  t.equal(rate.perSecond(60_000), 0);
});

t.test('what is kept of a call is bounded, in number and in size', async (t) => {
  const store = createMessageStore();
  for (let number = 1; number <= MAX_RECORDS + 500; number += 1) store.add('received', { number }, number);
  t.equal(store.length, MAX_RECORDS);
  t.equal(store.received, MAX_RECORDS + 500, 'all are counted');
  t.equal(store.oldestNumber, 501);
  t.same(store.at(0)?.value, { number: 501 });
  t.same(store.at(MAX_RECORDS - 1)?.value, { number: MAX_RECORDS + 500 });
  t.equal(store.at(MAX_RECORDS), undefined);
  t.equal(store.at(-1), undefined);

  store.clear();
  for (let number = 0; number < 100; number += 1) store.add('received', 'x'.repeat(200_000), 0);
  let length = 0;
  for (let index = 0; index < store.length; index += 1) length += store.at(index)?.text.length ?? 0;
  t.ok(length <= MAX_STORED_LENGTH && length > MAX_STORED_LENGTH / 2, `${length} are kept`);
  const long = store.add('received', 'x'.repeat(MAX_RECORD_LENGTH * 3), 0);
  t.equal(long.value, undefined);
  t.ok(long.text.length < MAX_RECORD_LENGTH + 100);
});

t.test('a list shows the newest first, by words, and stands still when it is frozen', async (t) => {
  const store = createMessageStore();
  const list = createRecordList(store, ({ direction }) => direction !== 'note');
  const add = (value: unknown) => list.add(store.add('received', value, 0));
  for (const symbol of ['AAPL', 'MSFT', 'AAPL']) add({ symbol });
  list.add(store.add('note', 'a note', 0));
  t.same(list.at(0)?.nth, 3);
  t.equal(list.length, 3);
  list.setFilter('msft');
  t.equal(list.length, 1);
  add({ symbol: 'MSFT', price: 1 });
  t.equal(list.length, 2, 'what comes later is filtered as well');
  list.setFilter('');
  list.freeze();
  for (let number = 0; number < 3 * MAX_RECORDS; number += 1) add({ number });
  t.equal(list.length, 4);
  t.equal(list.newer, 3 * MAX_RECORDS);
  list.follow();
  t.equal(list.length, MAX_RECORDS);
  t.same(list.at(0)?.value, { number: 3 * MAX_RECORDS - 1 });
});

t.test('a chart holds the last value of each moment, whatever the rate', async (t) => {
  const data = createChartData();
  for (let atMs = 0; atMs < 20_000; atMs += 1) data.add(atMs % 2 === 0 ? 'even' : 'odd', atMs, atMs);
  t.same(data.keys, ['even', 'odd']);
  for (const [windowMs, least] of [
    [10_000, 10],
    [60_000, 0],
    [600_000, 0],
  ] as const) {
    const [seconds = [], even = [], odd = []] = data.columns(windowMs, 20_000);
    t.ok(seconds.length <= 600);
    t.equal(even.length, seconds.length);
    t.equal(odd.length, seconds.length);
    t.ok((seconds[0] ?? -1) >= least, `from ${seconds[0]} s`);
    t.ok((seconds.at(-1) ?? 0) <= 20);
    const [last] = even.filter((one) => one !== null).slice(-1);
    t.equal(last, 19_998);
  }
  for (let key = 0; key < 100; key += 1) data.add(`key ${key}`, 1, 20_000);
  t.equal(data.keys.length, MAX_SERIES);
  t.equal(data.leftOut, 100 - MAX_SERIES + 2);
  data.clear();
  t.same(data.columns(10_000, 1_000).slice(1), []);
});

t.test('a cut shows what the ids prove: nothing missing and nothing twice, or not', async (t) => {
  const watch = createGapWatch();
  for (const id of ['1', '2', '3']) watch.message(id, 0);
  t.equal(watch.report, undefined);
  watch.cut(1_000);
  t.match(watch.report, { state: 'cut', lastBefore: '3' });
  watch.message('4', 1_700);
  t.match(watch.report, { state: 'resumed', firstAfter: '4', healedMs: 700, missing: 0, twice: 0 });
  watch.message('5', 1_800);
  watch.cut(2_000);
  watch.message('9', 2_100);
  t.match(watch.report, { missing: 3, cuts: 2 });
  watch.message('2', 2_200);
  t.match(watch.report, { twice: 1 });

  watch.clear();
  for (const id of ['10', '20', '30']) watch.message(id, 0);
  watch.cut(0);
  watch.message('40', 0);
  t.match(watch.report, { missing: 0 }, 'ids may count in tens');
  watch.clear();
  watch.message('~abc.7', 0);
  watch.cut(0);
  watch.message('~abc.8', 0);
  t.match(watch.report, { missing: 0 }, 'those of a journal');
  watch.clear();
  watch.message('monday', 0);
  watch.cut(0);
  watch.message('tuesday', 0);
  t.match(watch.report, { missing: undefined }, 'no one can tell');
});

t.test('a report is said in words', async (t) => {
  const report = {
    state: 'resumed',
    lastBefore: '3',
    firstAfter: '4',
    healedMs: 700,
    missing: 0,
    twice: 0,
    cuts: 1,
  } as const;
  t.same(
    reportLines(report, true).map(([text]) => text),
    ['cut after 3', 'went on with 4 after 0.7 s', 'nothing missing', 'nothing twice'],
  );
  t.same(reportLines({ ...report, missing: 2, twice: 1 }, true).slice(2), [
    ['2 missing', 'wrong'],
    ['1 came twice', 'wrong'],
  ]);
  t.match(reportLines({ ...report, state: 'cut' }, true)[1], ['connecting again…', 'waits']);
  t.match(reportLines(report, false), [[/cannot go on/, 'wrong']]);
});
