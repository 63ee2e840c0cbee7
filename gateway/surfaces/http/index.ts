export { answerHttp } from './answer-http.js';
export { discardBody } from './body-reader.js';
export { methodNotAllowed } from './negotiation.js';
export { sendError } from './reply.js';
export { mustStayOk, sendRetryableEvent } from './sse-error.js';
