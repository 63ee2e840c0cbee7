import t from 'tap';
import { answerCosts } from './answer-costs.js';
import { assertLinear } from './linear.js';

t.test('an answer, to the gateway or to its client, costs what its bytes do', async (t) => {
  await assertLinear(t, answerCosts());
});
