export { finishMessageSet, isMessageSet } from './plan-message-set.js';
export { beginWellKnown, finishWellKnown } from './plan-well-known.js';
export { Planner } from './planner.js';
