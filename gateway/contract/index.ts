export { ContractDocuments, DOCUMENT_NAMES, type DocumentName } from './contract-documents.js';
export type { DocumentSecurity } from './document-security.js';
