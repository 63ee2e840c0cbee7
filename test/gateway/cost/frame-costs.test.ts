import t from 'tap';
import { frameCosts } from './frame-costs.js';
import { assertLinear } from './linear.js';

t.test('a frame of a session costs what its bytes do', async (t) => {
  await assertLinear(t, frameCosts());
});
