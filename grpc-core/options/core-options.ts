import { MAX_TIMER_MS } from './timer.js';

/**
 * Every option of a core that a command line or a configuration file may set. The rows have the form of all option tables of the project (name,
 * type, unit, default, bounds, help), written out here because the core imports nothing of the gateway.
 */
export const CORE_OPTIONS = {
  listen: {
    group: 'Listening',
    type: 'text',
    value: 'HOST:PORT',
    default: '127.0.0.1:50051',
    help: 'where gRPC clients connect; :50051 for every address, port 0 for a free one',
  },
  dataDir: {
    group: 'Core service',
    type: 'text',
    value: 'DIR',
    default: './data',
    help: 'files and state of the core; made when missing',
  },
  requireIdentity: {
    group: 'Core service',
    type: 'switch',
    help: 'refuse calls that do not say who is signed in, and names in chat, games and editing that are not the signed-in one; reflection and health stay open',
  },
  identityMetadata: {
    group: 'Core service',
    type: 'text',
    value: 'NAME',
    default: 'x-user-id',
    help: 'the metadata that says who is signed in; what is in front of the core sets it, and clients cannot',
  },
  filesPerSubject: {
    group: 'Core service',
    type: 'switch',
    help: 'keep the files of each signed-in subject apart, so that no path leads to those of another; needs --require-identity',
  },
  dataIntervalMs: {
    group: 'Core service',
    type: 'number',
    unit: 'ms',
    default: 100,
    min: 1,
    max: MAX_TIMER_MS,
    help: 'time between two new items of the data stream',
  },
  graceMs: {
    group: 'Times',
    type: 'number',
    unit: 'ms',
    default: 10_000,
    min: 0,
    max: MAX_TIMER_MS,
    help: 'how long open calls may go on after SIGTERM',
  },
} as const;
