import { readFileSync } from 'node:fs';
import t from 'tap';
import { parseConfig } from '../../gateway/server/config/index.js';

const DOCUMENT = readFileSync(new URL('../../docs/identity.md', import.meta.url), 'utf8');

/** Stands for what an example leaves out. */
const LEFT_OUT = 'issuers: […]';
const ISSUERS = 'issuers: [{ issuer: "https://id.example.com", audience: [a], keys: { discovery: true } }]';

/** The blocks of the document that are configuration, by their first line. */
const blocks = DOCUMENT.split(/\n(?! {4}|\n)/)
  .map((part) => part.split('\n').filter((line) => line.startsWith('    ')))
  .map((lines) => lines.map((line) => line.slice(4)).join('\n'))
  .filter((block) => /^(?:auth|methods):/.test(block));

t.test('every example of docs/identity.md is a configuration', async (t) => {
  t.ok(blocks.length >= 8, `${blocks.length} examples`);
  for (const block of blocks) {
    const first = block.trim().split('\n').slice(0, 4).join(' / ');
    const config = await parseConfig(block.replace(LEFT_OUT, ISSUERS), 'identity.md').catch(
      (reason: Error) => reason.message,
    );
    t.type(config, 'object', `${first}: ${config}`);
  }
});
