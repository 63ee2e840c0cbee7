import t from 'tap';
import { assertLinear } from './linear.js';
import { requestCosts } from './request-costs.js';

t.test('the head of a request costs what its bytes do', async (t) => {
  await assertLinear(t, await requestCosts(t));
});
