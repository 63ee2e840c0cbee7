// Run as a process of its own, so that a test can kill it: `core-process.ts <data directory> <port>`.
import { pino } from 'pino';
import { openCore } from '../../../grpc-core/index.js';

const [dataDir = '', port = '0'] = process.argv.slice(2);
const core = await openCore({
  listen: `127.0.0.1:${port}`,
  dataDir,
  dataIntervalMs: 2,
  log: pino({ level: 'silent' }),
});
// Whoever started this process waits for the line.
process.stdout.write(`${core.address}\n`);
