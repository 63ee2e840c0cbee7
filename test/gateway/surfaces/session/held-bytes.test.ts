import t from 'tap';
import { AllHeldBytes, HeldBytes } from '../../../../gateway/surfaces/session/held-bytes.js';

const MIB = 1024 * 1024;

t.test(
  'sessions of one address hold a quarter of what all may hold, and all no more than that',
  async (t) => {
    const all = new AllHeldBytes();
    const fill = (group: string): HeldBytes[] => {
      const sessions: HeldBytes[] = [];
      for (let n = 0; n < 100; n += 1) {
        const session = new HeldBytes(all, group);
        while (session.add(4 * MIB));
        if (session.bytes > 0) sessions.push(session);
      }
      return sessions;
    };
    const first = fill('a');
    t.equal(all.bytes, 64 * MIB);
    t.equal(first.length, 4, 'of 16 MiB each');
    const others = ['b', 'c', 'd'].flatMap(fill);
    t.equal(all.bytes, 256 * MIB);
    const late = new HeldBytes(all, 'e');
    t.ok(late.add(4 * MIB), 'an address that holds nothing may have one message');
    t.notOk(late.add(1));
    for (const session of [...first, ...others, late]) session.release(session.bytes);
    t.equal(all.bytes, 0);
    t.ok(new HeldBytes(all, 'a').add(16 * MIB));
  },
);
