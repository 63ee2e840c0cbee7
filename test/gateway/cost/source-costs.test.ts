import t from 'tap';
import { assertLinear } from './linear.js';
import { sourceCosts } from './source-costs.js';

t.test('a proto file costs what its bytes do', async (t) => {
  await assertLinear(t, sourceCosts());
});
