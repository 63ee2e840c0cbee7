import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Writes a folder of the sources as they are now to the same place below `target`, its TypeScript as JavaScript. In this
 * process and without types: the compiler's own command cannot be started below tap, and `dist/` may be older than the source.
 */
export function transpile(folder: string, target: string): void {
  for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const from = join(entry.parentPath, entry.name);
    const to = join(target, from.slice(root.length));
    mkdirSync(dirname(to), { recursive: true });
    if (extname(from) !== '.ts') {
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
