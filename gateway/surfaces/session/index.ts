export { answerSession } from './answer-session.js';
export { AllHeldBytes } from './held-bytes.js';
export type { SessionOptions } from './session-options.js';
