import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const clients = fileURLToPath(new URL('../../../clients', import.meta.url));

/**
 * Turns the sources of the page as they are now into what a browser loads, and returns the folder for the gateway's `pageDir`. In
 * this process and without types: the compiler itself cannot be started below tap, and `dist/` may be older than the source.
 */
export function buildPage(folder: string): string {
  for (const part of ['retry', 'browser', 'playground']) {
    for (const name of readdirSync(join(clients, part))) {
      const from = join(clients, part, name);
      const to = join(folder, part, name);
      mkdirSync(dirname(to), { recursive: true });
      if (extname(name) !== '.ts') {
        cpSync(from, to);
        continue;
      }
      const { outputText } = ts.transpileModule(readFileSync(from, 'utf8'), {
        compilerOptions: {
          target: ts.ScriptTarget.ES2022,
          module: ts.ModuleKind.ESNext,
          verbatimModuleSyntax: true,
        },
      });
      writeFileSync(to.replace(/\.ts$/, '.js'), outputText);
    }
  }
  return folder;
}
