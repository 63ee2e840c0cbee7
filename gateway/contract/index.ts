export { ContractDocuments, DOCUMENT_NAMES, type DocumentName } from './contract-documents.js';
