export { answerSession } from './answer-session.js';
export { AllHeldBytes } from './held-bytes.js';
export type { SessionContext } from './session-context.js';
