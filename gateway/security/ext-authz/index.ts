export { encodeCheckRequest } from './check-request.js';
export { decodeCheckResponse, type HeaderAction, type NamedHeader, type Verdict } from './check-response.js';
