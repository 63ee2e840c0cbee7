import t from 'tap';
import { jsonCosts } from './json-costs.js';
import { assertLinear } from './linear.js';

t.test('a JSON body costs what its bytes do', async (t) => {
  await assertLinear(t, jsonCosts());
});
