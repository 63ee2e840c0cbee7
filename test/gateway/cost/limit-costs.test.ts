import t from 'tap';
import { faultOfGrowth } from './growth.js';
import { limitCosts } from './limit-costs.js';

t.test('what limits do costs n log n at most, also where everybody is refused', (t) => {
  for (const cost of limitCosts()) t.equal(faultOfGrowth(cost), undefined, cost.name);
  t.end();
});
