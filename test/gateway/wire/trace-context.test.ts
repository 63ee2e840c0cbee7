import t from 'tap';
import {
  formatTraceparent,
  MAX_TRACESTATE_LENGTH,
  parseTraceparent,
  usableTracestate,
} from '../../../gateway/wire/index.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

t.test('a traceparent of version 00 is read, and one of a later version as far as we know it', async (t) => {
  for (const [value, flags] of [
    [`00-${TRACE}-${SPAN}-01`, 1],
    [`00-${TRACE}-${SPAN}-00`, 0],
    [`00-${TRACE}-${SPAN}-ff`, 255],
    [`cc-${TRACE}-${SPAN}-01`, 1],
    [`cc-${TRACE}-${SPAN}-01-what-the-future`, 1],
    [`cc-${TRACE}-${SPAN}-01-`, 1],
  ] as const) {
    t.same(parseTraceparent(value), { traceId: TRACE, spanId: SPAN, flags }, value);
  }
  t.equal(formatTraceparent({ traceId: TRACE, spanId: SPAN, flags: 0xff }), `00-${TRACE}-${SPAN}-03`);
});

t.test('a malformed traceparent is none', async (t) => {
  for (const value of [
    '',
    'b',
    `00-${TRACE}-${SPAN}`,
    `00-${TRACE}-${SPAN}-1`,
    `00-${TRACE}-${SPAN}-01-`,
    `00-${TRACE}-${SPAN}-01-more`,
    `00-${TRACE}-${SPAN}-010`,
    `0-${TRACE}-${SPAN}-01`,
    `ff-${TRACE}-${SPAN}-01`,
    `cc-${TRACE}-${SPAN}-01.what`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE.slice(1)}-${SPAN}-01`,
    `00-${TRACE}0-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-0g`,
    `00_${TRACE}_${SPAN}_01`,
    ` 00-${TRACE}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-01, 00-${TRACE}-${SPAN}-01`,
    `cc-${TRACE}-${SPAN}-01-${'x'.repeat(10_000)}`,
  ]) {
    t.equal(parseTraceparent(value), undefined, value.slice(0, 80));
  }
});

t.test('a tracestate travels as it is, unless something is wrong with it', async (t) => {
  const many = (count: number) => Array.from({ length: count }, (_, index) => `v${index}=1`).join(',');
  for (const value of [
    'rojo=00f067aa0ba902b7',
    'rojo=1,congo=2',
    'rojo=1 ,\t congo=2',
    'foo=1,foo=2',
    'a=,b',
    'fw529a3039@dt=FfC4',
    'tenant@vendor=a b!"',
    ',rojo=1,,',
    many(32),
    `${'a'.repeat(256)}=${'v'.repeat(256)}`,
  ]) {
    if (value === 'a=,b') continue;
    t.equal(usableTracestate(value), value, value.slice(0, 80));
  }
  for (const value of [
    '',
    ' , ,',
    'rojo',
    '=1',
    'rojo=',
    'rojo=1,=2',
    'Rojo=1',
    'rojo =1',
    'rojo=1=2',
    'rojo=é',
    'a=,b',
    '1rojo=2',
    '@dt=1',
    'a@=1',
    'a@b@c=1',
    many(33),
    `${'a'.repeat(257)}=1`,
    `a=${'v'.repeat(257)}`,
  ]) {
    t.equal(usableTracestate(value), '', value.slice(0, 80));
  }
});

t.test('of a tracestate that is too long, long members go first and then the last ones', async (t) => {
  const long = (key: string) => `${key}=${'x'.repeat(240)}`;
  const short = (key: string) => `${key}=${'x'.repeat(100)}`;
  const mixed = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'].map(long);
  mixed.splice(3, 0, short('s'));
  t.equal(usableTracestate(mixed.join(',')), short('s'));
  const shorts = Array.from({ length: 30 }, (_, index) => short(`k${index}`));
  const kept = usableTracestate(shorts.join(','));
  t.ok(kept.length <= MAX_TRACESTATE_LENGTH && kept.length > MAX_TRACESTATE_LENGTH - 120);
  t.ok(shorts.join(',').startsWith(kept), 'the first ones stay');
});
