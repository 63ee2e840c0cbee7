import fc from 'fast-check';
import t from 'tap';
import { PROTOCOLS } from '../../../support/session.js';
import { play, type Schedule } from './schedule.js';

/** Runs of the property; more of them with SLUICE_RUNS. */
const RUNS = Number(process.env.SLUICE_RUNS ?? 1_000);

const plan = fc.record({
  method: fc.constantFrom('Ask', 'Down', 'Up', 'Both'),
  requests: fc.oneof(fc.nat({ max: 4 }), fc.nat({ max: 40 })),
  responses: fc.nat({ max: 12 }),
  firstCredit: fc.nat({ max: 3 }),
  firstBytes: fc.oneof(fc.constant(0), fc.constantFrom(1, 2, 13, 400, 50_000, 2 ** 31 - 1)),
  // Large ones end a turn early, and use up the credit that is granted by size.
  size: fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom(0, 10, 300, 40_000) },
    { weight: 1, arbitrary: fc.constant(70_000) },
  ),
  cancels: fc.boolean(),
  early: fc.boolean(),
} as const);

const schedule: fc.Arbitrary<Schedule> = fc.record({
  protocol: fc.constantFrom(...PROTOCOLS),
  pings: fc.nat({ max: 12 }),
  highWaterBytes: fc.constantFrom(1, 200, 65_536),
  plans: fc.array(plan, { minLength: 1, maxLength: 4 }),
  choices: fc.array(fc.nat({ max: 1_000 }), { minLength: 0, maxLength: 300, size: 'max' }),
});

t.test(
  'whatever the order of things, every call has one end, and every message comes in order',
  async (t) => {
    await fc.assert(
      fc.asyncProperty(schedule, async (given) => {
        const fault = await play(given);
        if (fault !== undefined) throw new Error(fault);
      }),
      { numRuns: RUNS, endOnFailure: process.env.SLUICE_SHRINK === undefined },
    );
    t.pass(`${RUNS} schedules`);
  },
);
