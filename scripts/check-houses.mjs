// Refuses imports that the table of scripts/houses.mjs does not allow: an arrow that is not in it, a way into a folder past its index.ts, a
// circle, and modules that are too long. Also draws the table into docs/architecture.md: with `--write` it renews the picture, without it a stale one is a fault.
// Run by `npm run lint`.
import { readFileSync, writeFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HOUSES } from './houses.mjs';
import { importsOf, modulesBelow, parsed, resolved } from './modules.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PICTURE_FILE = 'docs/architecture.md';
const PICTURE = /(<!-- houses: `npm run fix` writes this -->\n)[\s\S]*?(<!-- \/houses -->)/;

/** One module holds one idea: past this many lines it holds several. */
const MAX_LINES = 300;

/** Other ways to a file of this tree: absolute paths, URLs, `imports` of package.json, and the package's own name. */
const NOT_A_PACKAGE = /^(?:[/#]|(?!node:)[a-z][a-z+.-]*:|sluice(?:\/|$))/;

/** The root files of a folder that has rooms; a place of its own in the table. */
const GROUND = '.';
/** What the picture calls it. */
const FILES = '(files)';

/**
 * What is wrong with the imports of a tree, as "file:line: problem". Looks at every module below the houses of the table.
 */
export function faultsOfHouses(root, houses = HOUSES) {
  const faults = faultsOfTable(houses);
  if (faults.length > 0) return faults;
  const used = new Set();
  const files = Object.keys(houses).flatMap((house) => modulesBelow(root, house));
  const known = new Set(files);
  const graph = new Map();
  for (const file of files) {
    const from = placeOf(houses, file);
    if (from.unknown !== undefined) {
      faults.push(`${file}: the folder ${from.unknown} is not in the table of scripts/houses.mjs`);
      continue;
    }
    const isFree = from.path.some(({ place }) => place.sees === 'all');
    const isGenerated = from.path.some(({ place }) => place.generated);
    const source = parsed(root, file);
    const lines = source.getLineStarts().length - 1;
    if (lines > MAX_LINES && !isFree && !isGenerated)
      faults.push(`${file}: ${lines} lines: a module has at most ${MAX_LINES}`);
    for (const { line, specifier, form } of importsOf(source)) {
      const fault = (problem) => faults.push(`${file}:${line}: ${problem}`);
      if (specifier === undefined) {
        if (!isFree) fault('the module of this import is computed, so nothing can check it');
        continue;
      }
      if (!specifier.startsWith('.')) {
        if (!isFree && NOT_A_PACKAGE.test(specifier))
          fault(`"${specifier}" is neither a package nor a relative path`);
        continue;
      }
      const target = resolved(root, file, specifier);
      if (target === undefined) {
        if (!isFree) fault(`"${specifier}" leads to no file`);
        continue;
      }
      if (!known.has(target)) {
        if (!isFree) fault(`${target} is outside of the houses`);
        continue;
      }
      if (isFree || isGenerated) continue;
      if (!graph.has(file)) graph.set(file, []);
      graph.get(file).push({ target, line, form });
      const to = placeOf(houses, target);
      if (to.unknown === undefined) judge(from, target, to, used, fault);
    }
  }
  faults.push(...circlesOf(graph));
  for (const [name, place] of placesOf(houses)) {
    for (const other of place.may ?? []) {
      const above = posix.dirname(name);
      const arrow = `${name} -> ${above === '.' ? other : `${above}/${other}`}`;
      if (!used.has(arrow) && !place.sees)
        faults.push(`scripts/houses.mjs: no import uses the arrow ${arrow}`);
    }
  }
  return faults;
}

/** Holds one import against the table. */
function judge(from, target, to, used, fault) {
  let depth = 0;
  while (
    depth < from.path.length &&
    depth < to.path.length &&
    from.path[depth].name === to.path[depth].name
  ) {
    depth += 1;
  }
  const [near, far] = [from.path[depth], to.path[depth]];
  // Within one place, or from a folder's roof to its ground.
  if (near === undefined && far === undefined) return;
  if (far === undefined) {
    // Out of a room into the roof of its own folder: that is where the rooms are put together.
    fault(
      `${near.name} must not import ${target}, which puts the rooms of ${posix.dirname(near.name)} together`,
    );
    return;
  }
  if (near !== undefined) {
    const arrow = `${near.name} -> ${far.name}`;
    if (!near.place.may?.includes(far.key)) {
      const allowed = near.place.may?.length ? near.place.may.join(', ') : 'nothing';
      fault(`${near.name} must not import ${far.name} (${target}): it may import ${allowed}`);
      return;
    }
    used.add(arrow);
  }
  if (far.place.open || far.key === GROUND) return;
  // A door: a room that is entered from outside of its folder as well.
  const isDoor = to.path.slice(depth).some(({ name, place }) => place.door && target === `${name}/index.ts`);
  if (!isDoor && target !== `${far.name}/index.ts`) {
    fault(`${target} is inside ${far.name}: from outside, import ${far.name}/index.ts`);
  }
}

/** Where a file belongs: the places from its house down. The ground of a folder with rooms is a place, its roof is the folder itself. */
function placeOf(houses, file) {
  const parts = file.split('/');
  const path = [];
  let places = houses;
  let name = '';
  for (const [index, part] of parts.slice(0, -1).entries()) {
    name = posix.join(name, part);
    const place = places[part];
    if (place === undefined) {
      const parent = path.at(-1)?.place;
      if (parent?.sees === 'all' || parent?.generated) return { path };
      return { path, unknown: name };
    }
    path.push({ name, key: part, place });
    places = place.rooms ?? {};
    if (index === parts.length - 2 && place.rooms !== undefined) {
      const isRoof = parts.at(-1) === 'index.ts' || place.roof?.includes(parts.at(-1));
      if (!isRoof) {
        const ground = place.rooms[GROUND];
        if (ground === undefined)
          return { path, unknown: `${name}, for files beside its rooms as ${parts.at(-1)},` };
        path.push({ name: `${name}/${GROUND}`, key: GROUND, place: ground });
      }
    }
  }
  return { path };
}

/** All places by their paths. */
function* placesOf(places, above = '') {
  for (const [key, place] of Object.entries(places)) {
    const name = key === GROUND ? `${above}/${GROUND}` : posix.join(above, key);
    yield [name, place, key];
    if (place.rooms !== undefined) yield* placesOf(place.rooms, name);
  }
}

/** Names in `may` that are no place, and circles between places. The order of the table must be from the top down. */
function faultsOfTable(places, above = '') {
  const faults = [];
  const keys = Object.keys(places);
  for (const [index, key] of keys.entries()) {
    const { may = [], rooms } = places[key];
    for (const other of may) {
      const at = keys.indexOf(other);
      const arrow = `${posix.join(above, key)} -> ${posix.join(above, other)}`;
      if (at === -1) faults.push(`scripts/houses.mjs: ${arrow}: there is no such place`);
      else if (at <= index)
        faults.push(`scripts/houses.mjs: ${arrow} goes up, or in a circle: every arrow goes down the table`);
    }
    if (rooms !== undefined) faults.push(...faultsOfTable(rooms, posix.join(above, key)));
  }
  return faults;
}

/** Circles between modules, by value and by type; `import()` within a function closes none. */
function circlesOf(graph) {
  const faults = [];
  const state = new Map();
  const walk = (file, trail) => {
    state.set(file, 'open');
    trail.push(file);
    for (const { target, line, form } of graph.get(file) ?? []) {
      if (form === 'dynamic') continue;
      if (state.get(target) === 'open')
        faults.push(
          `${file}:${line}: a circle: ${[...trail.slice(trail.indexOf(target)), target].join(' -> ')}`,
        );
      else if (!state.has(target)) walk(target, trail);
    }
    trail.pop();
    state.set(file, 'done');
  };
  for (const file of graph.keys()) if (!state.has(file)) walk(file, []);
  return faults;
}

/** The table as the document shows it. */
export function pictureOf(houses = HOUSES) {
  const rows = [];
  for (const [name, place, key] of placesOf(houses)) {
    const label = `${'  '.repeat(name.split('/').length - 1)}${key === GROUND ? FILES : `${key}/`}`;
    const may = (place.may ?? []).map((other) => (other === GROUND ? FILES : other));
    rows.push([label, place.sees === 'all' ? 'everything' : may.join(', ')]);
  }
  const width = Math.max(...rows.map(([label]) => label.length)) + 3;
  return rows.map(([label, may]) => `    ${label.padEnd(width)}${may || '-'}\n`).join('');
}

/** The document with the picture of the table in it. */
export function withPicture(text, houses = HOUSES) {
  if (!PICTURE.test(text)) throw new Error(`${PICTURE_FILE} has no place for the picture of the houses`);
  return text.replace(PICTURE, (_all, start, end) => `${start}\n${pictureOf(houses)}\n${end}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const document = join(ROOT, PICTURE_FILE);
  const text = readFileSync(document, 'utf8');
  const current = withPicture(text);
  const faults = faultsOfHouses(ROOT);
  if (process.argv.includes('--write')) writeFileSync(document, current);
  else if (text !== current)
    faults.push(`${PICTURE_FILE}: the picture of the houses is stale: run \`npm run fix\``);
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) process.exitCode = 1;
}
