import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const clients = fileURLToPath(new URL('../../clients', import.meta.url));

/** The modules by which a room is entered; every module of `shared` is one. The compiler drops type-only imports, so they are free. */
const DOORS: readonly string[] = [
  'browser/client.ts',
  'browser/session/call.ts',
  'browser/session/call-state.ts',
  'browser/session/session-pool.ts',
  'browser/socket/call-socket.ts',
  'browser/stream/event-stream.ts',
  'browser/stream/kept-stream.ts',
  'browser/stream/server-stream.ts',
  'browser/stream/sse-parser.ts',
  'browser/stream/unary.ts',
  'retry/abortable.ts',
  'retry/backoff.ts',
  'retry/wait.ts',
];

function filesOf(folder: string): string[] {
  return readdirSync(join(clients, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${folder}/${name}`);
}

function sourceOf(file: string): string {
  return readFileSync(join(clients, file), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '');
}

interface Import {
  readonly file: string;
  /** The compiler drops it, so no page loads it. */
  readonly typeOnly: boolean;
}

function importsOf(file: string): Import[] {
  return [...sourceOf(file).matchAll(/^(?:import|export) ([^;]*?)from '(\.[^']+)\.js';/gms)].map(
    ([, what = '', path = '']) => ({
      file: relative(clients, join(clients, dirname(file), `${path}.ts`)),
      typeOnly: what.startsWith('type ') || /^\{(\s*type [^,}]+,?)+\s*\}\s*$/.test(what),
    }),
  );
}

/** "session" for a module of that room, "browser" for one at the top. */
function roomOf(file: string): string {
  return dirname(file).split('/').at(-1) ?? '';
}

t.test('each room of the browser client is entered by its doors', (t) => {
  let entries = 0;
  for (const file of filesOf('browser')) {
    if (file === 'browser/index.ts') continue;
    for (const { file: to, typeOnly } of importsOf(file)) {
      if (typeOnly || roomOf(to) === roomOf(file) || roomOf(to) === 'shared') continue;
      entries += 1;
      if (!DOORS.includes(to)) t.fail(`${file} enters by ${to}`);
    }
  }
  t.ok(entries > DOORS.length);
  t.end();
});

t.test('an exported name means one thing in its client, and no module is long', (t) => {
  for (const client of ['browser', 'node', 'playground', 'retry']) {
    const exportedIn = new Map<string, string>();
    for (const file of filesOf(client)) {
      const source = sourceOf(file);
      const names = [
        ...source.matchAll(/^export (?:async )?(?:const|function\*?|class|interface|type) (\w+)/gm),
      ];
      for (const name of new Set(names.map(([, found = '']) => found))) {
        t.equal(exportedIn.get(name) ?? file, file, name);
        exportedIn.set(name, file);
      }
      t.ok(source.split('\n').length < 200, file);
    }
    t.ok(exportedIn.size > 0);
  }
  t.end();
});
