export { finishMessageSet, isMessageSet } from './message-set.js';
export { Planner } from './planner.js';
export { beginWellKnown, finishWellKnown } from './well-known.js';
