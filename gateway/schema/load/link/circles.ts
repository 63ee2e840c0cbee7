import { componentsOf } from './components.js';
import type { Declaration, LinkFile } from './declaration.js';

/** Files and parts of files, each after those it needs. */
export type FilePart = readonly [file: LinkFile, tops: readonly Declaration[]];

/**
 * In which order files can be linked. Files that need each other are cut into groups of types: a tool that makes one file of every
 * package makes such circles from files that had none. Types of different packages that need each other cannot be linked at all:
 * they get a fault, which the caller spreads before it asks again.
 */
export function filePartsOf(declarations: readonly Declaration[]): FilePart[] | undefined {
  const sound = declarations.filter(({ fault }) => fault === undefined);
  const byFile = grouped(sound, ({ file }) => file);
  const parts: FilePart[] = [];
  let hasFaults = false;
  for (const files of componentsOf(byFile.keys(), (file) => usedFiles(byFile.get(file) ?? []))) {
    const inside = files.flatMap((file) => byFile.get(file) ?? []);
    const [first] = files;
    if (files.length === 1 && first !== undefined) {
      parts.push([first, []]);
      continue;
    }
    const byTop = grouped(inside, ({ top }) => top);
    const members = new Set(files);
    const usedTops = (top: Declaration) =>
      (byTop.get(top) ?? []).flatMap(({ uses }) =>
        uses.filter(({ file }) => members.has(file)).map((used) => used.top),
      );
    for (const tops of componentsOf(byTop.keys(), usedTops)) {
      const odd = tops.find((top) => houseOf(top) !== houseOf(tops[0] as Declaration));
      if (odd === undefined) parts.push([(tops[0] as Declaration).file, tops]);
      else {
        hasFaults = true;
        faultCircle(tops, byTop, odd);
      }
    }
  }
  return hasFaults ? undefined : parts;
}

/** Types can stand in one file when all that a file says for them is the same. */
function houseOf({ file }: Declaration): string {
  const { package: name, syntax, edition, options } = file.proto;
  const features = options?.features === undefined ? '' : file.proto.name;
  return JSON.stringify([name, syntax, edition, features]);
}

function faultCircle(
  tops: readonly Declaration[],
  byTop: ReadonlyMap<Declaration, readonly Declaration[]>,
  odd: Declaration,
): void {
  const first = tops[0] as Declaration;
  const reason = `it and ${odd.scope.fullName} (${odd.file.proto.name}) need each other, in a circle`;
  const fault = { name: first.scope.fullName, reason, file: first.file.proto.name };
  for (const top of tops) for (const declaration of byTop.get(top) ?? []) declaration.fault = fault;
}

function usedFiles(declarations: readonly Declaration[]): Set<LinkFile> {
  const files = new Set<LinkFile>();
  for (const { file, uses } of declarations) {
    for (const used of uses) if (!used.file.isBase && used.file !== file) files.add(used.file);
  }
  return files;
}

export function grouped<Item, Key>(items: Iterable<Item>, keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
