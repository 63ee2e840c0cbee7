export { BoundedQueue } from './bounded-queue.js';
export { Merge } from './merge.js';
export { Progress } from './progress.js';
export { MAX_ROOMS_PER_STREAM, type Member, type RoomKind, RoomStreams } from './room-streams.js';
