import t from 'tap';
import { putInt64, putUint53, putUint64 } from '../../../gateway/codec/print/digits.js';
import { putDouble, putFloat } from '../../../gateway/codec/print/floats.js';
import { Random } from './random.js';
import { randomDouble } from './random-wire.js';

const seed = Number(process.env.SLUICE_CODEC_SEED ?? Date.now() % 1_000_000_000);
const out = Buffer.alloc(64);
const text = (end: number) => out.toString('latin1', 0, end);

t.test('integers of every size are printed with all their digits', async (t) => {
  t.comment(`SLUICE_CODEC_SEED=${seed}`);
  const random = new Random(seed);
  const wrong: string[] = [];
  for (let round = 0; round < 100_000; round += 1) {
    const wide = ((BigInt(random.bits()) << 32n) | BigInt(random.bits())) >> BigInt(random.below(64));
    const near = 10n ** BigInt(random.below(20)) + BigInt(random.below(3) - 1);
    const value = BigInt.asUintN(64, random.once(2) ? wide : near);
    const low = Number(BigInt.asIntN(32, value));
    const high = Number(BigInt.asIntN(32, value >> 32n));
    if (text(putUint64(out, 0, low, high)) !== String(value)) wrong.push(`${value}`);
    if (text(putInt64(out, 0, low, high)) !== String(BigInt.asIntN(64, value))) wrong.push(`signed ${value}`);
    const exact = Number(value >> 11n);
    if (text(putUint53(out, 0, exact)) !== String(exact)) wrong.push(`exact ${exact}`);
  }
  t.same(wrong, []);
});

t.test('doubles are printed as JavaScript prints them, which is the shortest form', async (t) => {
  t.comment(`SLUICE_CODEC_SEED=${seed}`);
  const random = new Random(seed);
  const wrong: string[] = [];
  for (let round = 0; round < 300_000; round += 1) {
    const places = random.below(12);
    const decimal = random.bits() / 10 ** places;
    const exact = (random.bits() * 2 ** 21 + random.below(2 ** 21)) * 2 ** -random.below(70);
    const value = random.pick([randomDouble(random), decimal, -decimal, exact]);
    if (!Number.isFinite(value)) continue;
    const want = Object.is(value, -0) ? '-0' : String(value);
    if (text(putDouble(out, 0, value)) !== want) wrong.push(want);
  }
  t.same(wrong, []);
});

/** The fewest digits that read back, found by trying all lengths, and at each the neighbours of the nearest decimal. */
function fewestDigits(value: number): number {
  for (let precision = 1; precision < 9; precision += 1) {
    const [digits = '', exponent = ''] = Math.abs(value)
      .toExponential(precision - 1)
      .split('e');
    const whole = BigInt(digits.replace('.', ''));
    for (const candidate of [whole - 1n, whole, whole + 1n]) {
      if (Math.fround(Number(`${candidate}e${Number(exponent) - precision + 1}`)) === Math.abs(value))
        return precision;
    }
  }
  return 9;
}

t.test('floats are printed with the fewest digits that read back as the same 32 bits', async (t) => {
  t.comment(`SLUICE_CODEC_SEED=${seed}`);
  const random = new Random(seed);
  const words = new Uint32Array(1);
  const floats = new Float32Array(words.buffer);
  const wrong: string[] = [];
  const check = (bits: number) => {
    words[0] = bits;
    const value = floats[0] as number;
    if (!Number.isFinite(value)) return;
    const printed = text(putFloat(out, 0, value));
    if (!Object.is(Math.fround(Number(printed)), value)) wrong.push(`${printed} is not ${value}`);
    if (value === 0) return;
    const digits = Number(printed)
      .toExponential()
      .replace(/e.*|[-.]/g, '').length;
    if (digits > fewestDigits(value)) wrong.push(`${printed} has more digits than it needs`);
  };
  for (let exponent = 0; exponent < 255; exponent += 1) {
    for (const offset of [-2, -1, 0, 1, 2]) check((exponent << 23) + offset);
  }
  for (let round = 0; round < 30_000; round += 1) {
    check(random.bits());
    words[0] = 0;
    floats[0] = random.below(1_000_000) / 10 ** random.below(8);
    check(words[0] as number);
  }
  t.same(wrong, []);
});
