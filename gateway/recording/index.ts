export type { CallRequest, HealResult, Recorder, RecordingWish } from './call-request.js';
export type { CallToken } from './call-token.js';
export { EVICTION_CAUSES, type EvictionCause } from './eviction-cause.js';
export { newLocation } from './new-location.js';
export { openCall } from './open-call.js';
export { cursorField, type ResumePoint, resumePoint } from './resume-point.js';
