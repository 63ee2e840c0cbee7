export { HealedCall } from './healed-call.js';
