export { Inbox } from './inbox.js';
export { Merge } from './merge.js';
export { Progress } from './progress.js';
export { type Desk, MAX_ROOMS_PER_STREAM, type Seat, Sessions } from './sessions.js';
