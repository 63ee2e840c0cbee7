export { answerSession } from './answer-session.js';
export type { SessionOptions } from './session-options.js';
