import { TokenBuckets } from '../../../gateway/security/index.js';
import { UnfinishedMessages } from '../../../gateway/surfaces/index.js';
import type { Cost } from './growth.js';

/** Of the size that a cost is asked for, one client or message has so many. */
const EACH = 8;
/** What one message holds, in bytes. */
const HELD = 100;

/** The budget is full, and each of these begins a message that is one too many. */
function fullBudget(clients: (n: number) => string, cut?: () => void): Cost['prepare'] {
  return (size) => {
    const count = size / EACH;
    const budget = new UnfinishedMessages(count * HELD);
    const begin = (n: number) => budget.of(clients(n), () => {}, cut);
    for (let n = 0; n < count; n += 1) begin(n).holds(HELD);
    return () => {
      for (let n = 0; n < count; n += 1) begin(n).holds(HELD);
    };
  };
}

/** What limits do for each of many clients, or for each of many requests of one. */
export function limitCosts(): Cost[] {
  return [
    { name: 'unfinished messages, refusals of many clients', prepare: fullBudget((n) => `client ${n}`) },
    { name: 'unfinished messages, refusals of one client', prepare: fullBudget(() => 'client') },
    {
      name: 'unfinished messages, refusals of many clients that are slow to go',
      prepare: fullBudget(
        (n) => `client ${n}`,
        () => {},
      ),
    },
    {
      name: 'unfinished messages of many clients that grow in turn',
      prepare: (size) => {
        const count = size / EACH;
        const budget = new UnfinishedMessages(0);
        const messages = Array.from({ length: count }, (_, n) => budget.of(`client ${n}`, () => {}));
        return () => {
          for (let bytes = 1; bytes <= 4; bytes += 1) for (const message of messages) message.holds(bytes);
          for (const message of messages) message.holds(0);
        };
      },
    },
    {
      name: 'rates of many clients',
      prepare: (size) => {
        const count = size / EACH;
        const buckets = new TokenBuckets(1, 1, { most: count / 4 });
        return () => {
          for (let n = 0; n < count; n += 1) buckets.take(`client ${n}`, n);
        };
      },
    },
  ];
}
