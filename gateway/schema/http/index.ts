export { bindingsFromMethod } from './bindings.js';
export { masksAsWritten } from './field-mask.js';
export { COMMON_METHODS, ROUTED_METHODS } from './http-methods.js';
export { fieldNames, isTextMessage, isWholeValue } from './parameter-name.js';
export { maskOfBody } from './patch-mask.js';
export { type PathTemplate, parsePathTemplate } from './path-template.js';
export { assertNoRival, fieldsInAddress, jsonBesideBody, type QueryOptions, requestJson } from './query.js';
export type { PathValue, RouteMatch, RouteTable } from './route.js';
export { createRouteTable } from './route-table.js';
