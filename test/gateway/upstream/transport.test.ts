import t from 'tap';
import { subjects } from './subjects.js';
import { transportContract } from './transport-contract.js';

for (const subject of subjects) {
  t.test(`${subject.name} keeps the contract`, async (t) => {
    for (const [part, contract] of Object.entries(transportContract)) {
      t.test(part, async (t) => contract(t, subject));
    }
  });
}
