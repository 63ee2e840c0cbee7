import { status } from '@grpc/grpc-js';
import fc from 'fast-check';
import t from 'tap';
import { RunningMean, sensorHandler } from '../../../../grpc-core/rooms/collect/index.js';
import type { SensorData__Output } from '../../../../proto/types/streaming/SensorData.js';
import { Conversation } from '../conversation.js';

const NOW = 1_700_000_000_500;

function reading(fields: Partial<SensorData__Output> = {}): SensorData__Output {
  return { sensor_id: 's1', temperature: 20, humidity: 50, pressure: 1000, timestamp: null, ...fields };
}

function collect(...readings: SensorData__Output[]) {
  return new Conversation(sensorHandler(() => NOW)).send(...readings).halfClose();
}

t.test('readings are counted and their means taken, first and last by time, not by arrival', async (t) => {
  const summaries = await collect(
    reading({ temperature: 10, humidity: 40, pressure: 990, timestamp: { seconds: '300', nanos: 5 } }),
    reading({ temperature: 20, humidity: 50, pressure: 1000, timestamp: { seconds: '100', nanos: 7 } }),
    reading({ temperature: 60, humidity: 60, pressure: 1010, timestamp: { seconds: '300', nanos: 4 } }),
  ).rest();
  t.match(summaries, [
    {
      total_readings: 3,
      avg_temperature: 30,
      avg_humidity: 50,
      avg_pressure: 1000,
      start_time: { seconds: '100', nanos: 7 },
      end_time: { seconds: '300', nanos: 5 },
    },
  ]);
});

t.test('a reading without a time has the time of its arrival', async (t) => {
  const [summary] = await collect(reading({ timestamp: { seconds: '-5', nanos: 0 } }), reading()).rest();
  t.match(summary, {
    start_time: { seconds: '-5' },
    end_time: { seconds: '1700000000', nanos: 500_000_000 },
  });
});

t.test('an empty stream gives zeros and no times', async (t) => {
  t.strictSame(await collect().rest(), [
    {
      total_readings: 0,
      avg_temperature: 0,
      avg_humidity: 0,
      avg_pressure: 0,
      start_time: null,
      end_time: null,
    },
  ]);
});

t.test('readings no sensor can have sent are refused, naming the field', async (t) => {
  const cases: Array<[field: string, fields: Partial<SensorData__Output>]> = [
    ['sensor_id', { sensor_id: '' }],
    ['temperature', { temperature: Number.NaN }],
    ['humidity', { humidity: Number.POSITIVE_INFINITY }],
    ['pressure', { pressure: Number.NEGATIVE_INFINITY }],
    ['timestamp', { timestamp: { seconds: '253402300800', nanos: 0 } }],
    ['timestamp', { timestamp: { seconds: '-62135596801', nanos: 0 } }],
    ['timestamp', { timestamp: { seconds: '0', nanos: -1 } }],
    ['timestamp', { timestamp: { seconds: '0', nanos: 1_000_000_000 } }],
  ];
  for (const [field, fields] of cases) {
    await t.rejects(collect(reading(), reading(fields)).rest(), {
      code: status.INVALID_ARGUMENT,
      message: new RegExp(`^${field}: `),
    });
  }
});

t.test('a running mean is the mean, also of a million values and of the largest there are', async (t) => {
  const mean = new RunningMean();
  for (let n = 0; n < 1_000_000; n++) mean.add(1e9 + (n % 2));
  t.ok(Math.abs(mean.mean - (1e9 + 0.5)) < 1e-3, String(mean.mean));
  const huge = fc.double({ noNaN: true, noDefaultInfinity: true });
  fc.assert(
    fc.property(fc.array(huge, { minLength: 1, maxLength: 50 }), (values) => {
      const running = new RunningMean();
      for (const value of values) running.add(value);
      const exact = values.reduce((sum, value) => sum + value / values.length, 0);
      // Next to 0 numbers have no digits left, and each division may round by the smallest there is.
      const bound = Math.max(...values.map(Math.abs)) * 1e-12 + 2 * values.length * Number.MIN_VALUE;
      return Number.isFinite(running.mean) && Math.abs(running.mean - exact) <= bound;
    }),
    { numRuns: 2_000 },
  );
});
