import t from 'tap';
import { grpcJs } from '../subjects.js';
import { transportContract } from '../transport-contract.js';

for (const [part, contract] of Object.entries(transportContract)) {
  t.test(`the contract: ${part}`, async (t) => contract(t, grpcJs));
}
