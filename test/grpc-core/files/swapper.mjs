// Swaps what stands at a path, as fast as it can, until it is killed: `node swapper.mjs PATH OTHER`, where OTHER is what comes in its place. What
// somebody made at PATH meanwhile goes to OTHER.junk-N. Says "go" once it swaps.
import { renameSync } from 'node:fs';

const [path, other] = process.argv.slice(2);
const aside = `${other}.aside`;
let junk = 0;

function move(from, to) {
  try {
    renameSync(from, to);
    return true;
  } catch {
    return false;
  }
}

function put(from) {
  while (!move(from, path)) move(path, `${other}.junk-${++junk}`);
}

for (let round = 0; ; round += 1) {
  if (round === 10) process.stdout.write('go\n');
  if (move(path, aside)) {
    put(other);
    if (!move(path, other)) continue;
    put(aside);
  }
}
