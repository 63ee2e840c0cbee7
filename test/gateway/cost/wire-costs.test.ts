import t from 'tap';
import { assertLinear } from './linear.js';
import { wireCosts } from './wire-costs.js';

t.test('a message of the service costs what its bytes do', async (t) => {
  await assertLinear(t, wireCosts());
});
