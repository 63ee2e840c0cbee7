export { Code, type CodeName, codeFromNumber, codeName, isRetryable } from './code.js';
export { detailsOfReason, ERROR_DOMAIN, type ErrorMetadata } from './error-info.js';
export { codeFromHttpStatus, httpStatusFromCode } from './http-status.js';
export type { Metadata } from './metadata.js';
export { MAX_METADATA_BYTES, MAX_METADATA_PAIRS, MetadataBlock } from './metadata-bounds.js';
export { codeOfReason, REASONS, type Reason } from './reason.js';
export { RpcError, type RpcErrorOptions } from './rpc-error.js';
export { ENDED, type Status } from './status.js';
export type { StatusDetail } from './status-detail.js';
