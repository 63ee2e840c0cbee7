// A process that appends until it is killed, and says what was acknowledged.
import { openEmbeddedStore } from '../../../grpc-core/store/index.js';

const [directory = ''] = process.argv.slice(2);
const store = await openEmbeddedStore({ directory });
const log = store.log('a');
for (;;) {
  const sequences = await Promise.all(
    Array.from({ length: 7 }, (_, i) => log.append(Buffer.from(`${i}`.repeat(100)))),
  );
  process.stdout.write(`${Math.max(...sequences)}\n`);
}
