import t from 'tap';
import { PortStates } from '../../../../gateway/surfaces/liveness/port-states.js';

t.test('what was added is there, each pair of ports by itself, and what is not was not added', async (t) => {
  const states = new PortStates();
  for (let port = 1; port < 20_000; port += 1) states.add(8080, 65_536 - port, port % 128);
  states.add(65_535, 65_535, 5);
  for (let port = 1; port < 20_000; port += 1) {
    if (states.get(8080, 65_536 - port) !== port % 128) t.fail(`port ${port}`);
    if (states.get(65_536 - port, 8080) !== undefined) t.fail(`the other way: port ${port}`);
  }
  t.equal(states.get(65_535, 65_535), 5);
  t.equal(states.get(0, 0), undefined);
});

t.test('of two with the same ports only what holds for both counts', async (t) => {
  const states = new PortStates();
  states.add(1, 2, 0b011);
  states.add(1, 2, 0b110);
  t.equal(states.get(1, 2), 0b010);
  states.add(1, 2, 0);
  t.equal(states.get(1, 2), 0, 'it is known, and nothing holds');
});

t.test('what is forgotten is gone, however many there were', async (t) => {
  const states = new PortStates();
  for (let round = 0; round < 20; round += 1) {
    const count = round === 0 ? 5_000 : 10;
    for (let port = 0; port < count; port += 1) states.add(port, round, 1);
    t.equal(states.get(count - 1, round), 1);
    states.clear();
    t.equal(states.get(count - 1, round), undefined);
  }
});
