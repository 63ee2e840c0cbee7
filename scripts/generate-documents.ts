// Writes what documents say of options. `npm run generate` runs this; test/docs/options.test.ts fails when a document says something else.
import { readFileSync, writeFileSync } from 'node:fs';
import { optionDocuments } from './option-documents.js';

const fileOf = (path: string) => new URL(`../${path}`, import.meta.url);
const documents = await optionDocuments((path) => readFileSync(fileOf(path), 'utf8'));
for (const [path, text] of documents) writeFileSync(fileOf(path), text);
