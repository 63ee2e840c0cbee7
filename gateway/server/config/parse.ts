import { type Document, isMap, isNode, isScalar, isSeq, type Node, type Scalar } from 'yaml';
import type { z } from 'zod';
import type { OptionValue } from '../../options/index.js';
import { ConfigError } from './config-error.js';
import { contentOf, type FileSections, type GatewayConfig } from './content.js';
import { readDocument, shortened } from './read-document.js';

/** An option that a file sets. */
export interface FileOption {
  readonly section: string;
  readonly name: string;
  readonly value: OptionValue;
}

/** What a configuration file says. */
export interface ConfigFile {
  readonly config: GatewayConfig;
  /** The options that its sections set, `limits` among them. */
  readonly options: readonly FileOption[];
  /** Where something is: "gateway.yaml:3:11", with its file, line and column. */
  placeOf(path: readonly string[]): string;
}

/**
 * Reads the text of a configuration file: YAML, of which JSON is a part. `file` is its name, for errors. An empty file configures
 * nothing. Throws `ConfigError` for the first mistake in the file.
 */
export function configFromText(text: string, file: string, sections: FileSections): ConfigFile {
  const { document, at } = readDocument(text, file);
  const value: unknown = readValue(document, (problem) => new ConfigError(`${file}: ${problem}`));
  const content = contentOf(sections);
  const result = content.safeParse(ownKeys(value ?? {}, Object.keys(content.shape)));
  if (result.success) {
    const { $schema: _, limits, methods, http, auth, ...options } = result.data as FileContent;
    return {
      config: {
        ...(limits && { limits }),
        ...(methods && { methods }),
        ...(http && { http }),
        ...(auth && { auth }),
      },
      options: Object.entries({ limits, ...options }).flatMap(([section, values = {}]) =>
        Object.entries(values).map(([name, value]) => ({ section, name, value })),
      ),
      placeOf: (path) => at(placeOf(document, path).offset),
    };
  }
  const mistakes = result.error.issues
    .slice(0, MAX_PLACED)
    .map(mistakeFromIssue)
    .map((mistake) => ({ ...mistake, place: placeOf(document, mistake.path) }))
    .sort((a, b) => a.place.order - b.place.order);
  const { path, problem, place } = mistakes[0] as (typeof mistakes)[number];
  const count = result.error.issues.length;
  const more = count > 1 ? ` (and ${count - 1} more)` : '';
  throw new ConfigError(`${at(place.offset)}: ${pathText(path)} ${problem}${more}`);
}

/** Mistakes whose place is looked up, which takes a walk through the keys: enough to find the first one in any file but a wrong one. */
const MAX_PLACED = 100;

type FileContent = GatewayConfig &
  Readonly<Record<string, Readonly<Record<string, OptionValue>> | undefined>>;

type Path = readonly string[];

/** A service configuration of Google has much beside `http` that is not for us; in every other file an unknown key is a mistake. */
function ownKeys(value: unknown, known: readonly string[]): unknown {
  if (typeof value !== 'object' || value === null || !('type' in value)) return value;
  if (value.type !== 'google.api.Service') return value;
  return Object.fromEntries(Object.entries(value).filter(([name]) => known.includes(name)));
}

function readValue(document: Document, wrong: (problem: string) => ConfigError): unknown {
  try {
    return document.toJS();
  } catch (reason) {
    // Aliases without an anchor, or so many that they are a bomb.
    throw wrong((reason as Error).message);
  }
}

function mistakeFromIssue(issue: z.core.$ZodIssue): { readonly path: Path; readonly problem: string } {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    return { path: [...path, issue.keys[0] ?? ''], problem: issue.message };
  }
  if (issue.code === 'invalid_key') return { path, problem: issue.issues[0]?.message ?? issue.message };
  return { path, problem: issue.message };
}

/**
 * Where the key is, or the nearest thing around one that is missing. What is missing comes last in the order of mistakes: it is often
 * there under a wrong name.
 */
function placeOf(
  document: Document,
  path: Path,
): { readonly offset: number | undefined; readonly order: number } {
  for (let length = path.length; length > 0; length -= 1) {
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const node = nodeOf(parent, path[length - 1] ?? '');
    if (node === undefined) continue;
    const offset = node.range?.[0];
    return {
      offset,
      order: length === path.length && offset !== undefined ? offset : Number.MAX_SAFE_INTEGER,
    };
  }
  return { offset: undefined, order: path.length === 0 ? 0 : Number.MAX_SAFE_INTEGER };
}

/** The key of a map, or the item of a list. */
function nodeOf(parent: unknown, name: string): Node | undefined {
  if (isSeq(parent)) {
    const item = parent.items[Number(name)];
    return isNode(item) ? item : undefined;
  }
  if (!isMap(parent)) return undefined;
  return parent.items.map(({ key }) => key).find((key) => isScalar(key) && String(key.value) === name) as
    | Scalar
    | undefined;
}

/** `methods."pkg.Service/Method".slowReader` */
function pathText(path: Path): string {
  if (path.length === 0) return 'the file';
  return path
    .map(shortened)
    .map((part) => (/^[\w-]+$/.test(part) ? part : JSON.stringify(part)))
    .join('.');
}
