import fc from 'fast-check';
import t from 'tap';
import { inTurns } from '../../../gateway/async/index.js';
import { ContractDocuments, DOCUMENT_NAMES } from '../../../gateway/contract/contract-documents.js';
import { jsonSteps } from '../../../gateway/contract/json-steps.js';
import type { JsonObject } from '../../../gateway/schema/index.js';
import { schemaFromText } from '../schema/schema-from-text.js';
import { manyMethods } from './foreign-schemas.js';

t.test('a document in steps is what JSON.stringify makes of it', async (t) => {
  const seed = Date.now() % 2 ** 31;
  t.comment(`seed ${seed}`);
  await fc.assert(
    fc.asyncProperty(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 6 })), async (document) => {
      const made = await inTurns(jsonSteps(document as JsonObject));
      if (made.toString() !== `${JSON.stringify(document)}\n`) throw new Error(made.toString());
    }),
    { seed, numRuns: 300 },
  );
  const large = { a: { b: Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => [`ü${n}`, { n }])) } };
  t.equal((await inTurns(jsonSteps(large))).toString(), `${JSON.stringify(large)}\n`);
});

t.test('the documents of a large schema are made between other work', async (t) => {
  const schema = await schemaFromText(t, manyMethods(500));
  const documents = new ContractDocuments(schema, '');
  for (const name of DOCUMENT_NAMES) {
    let steps = 0;
    for (const work = documents.steps(name); work.next().done !== true; ) steps += 1;
    // Those of descriptors are files, of which this schema has few.
    t.ok(steps > (name === 'descriptors' ? 1 : 1_000), `${name}: ${steps} steps`);
    t.ok((await inTurns(documents.steps(name))).equals(documents.make(name)), `${name} is the same`);
  }
});
