export type { CallRequest, HealResult } from './call-request.js';
export { openCall } from './open-call.js';
export { cursorField, type ResumePoint, resumePoint } from './resume-point.js';
