import type { JsonObject } from '../schema/index.js';
import { type DocumentPath, renamedPath } from './document-path.js';
import type { DocumentContext } from './media-content.js';
import { type OperationPlan, operationObject } from './operation.js';

/** The versions of OpenAPI in which the document is made. */
export type OpenApiVersion = '3.1' | '3.2';

const FIXED = new Set(['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace']);

interface PathEntry {
  readonly path: DocumentPath;
  readonly item: { [name: string]: JsonObject };
  /** Operations of other HTTP methods. */
  readonly others: { [httpMethod: string]: JsonObject };
}

/** The paths of a document. Templates that a document cannot tell apart share one, and the names of its variables. */
export class DocumentPaths {
  /** What has no place in the document, because another rule has it. */
  readonly leftOut: JsonObject[] = [];
  readonly #byShape = new Map<string, PathEntry>();
  readonly #version: OpenApiVersion;

  constructor(version: OpenApiVersion) {
    this.#version = version;
  }

  add(plan: OperationPlan, context: DocumentContext): void {
    const { httpMethod, binding, path, method } = plan;
    let entry = this.#byShape.get(path.shape);
    if (entry === undefined) {
      entry = { path, item: {}, others: {} };
      this.#byShape.set(path.shape, entry);
    }
    const { members, name } = this.#placeOf(entry, httpMethod);
    if (!Object.hasOwn(members, name)) {
      members[name] = operationObject({ ...plan, path: renamedPath(path, entry.path) }, context);
    } else if (binding?.httpMethod !== '*') {
      this.leftOut.push({
        method: method.path.slice(1),
        rule: `${httpMethod} ${binding?.template ?? method.path}`,
      });
    }
  }

  object(): JsonObject {
    const others = this.#version === '3.1' ? 'x-sluice-additional-operations' : 'additionalOperations';
    const paths = [...this.#byShape.values()].map(({ path, item, others: more }) => {
      const all = Object.keys(more).length === 0 ? item : { ...item, [others]: more };
      return [path.path, all] as const;
    });
    return Object.fromEntries(paths) as JsonObject;
  }

  #placeOf({ item, others }: PathEntry, httpMethod: string) {
    const name = httpMethod.toLowerCase();
    const isOwn = FIXED.has(name) || (name === 'query' && this.#version === '3.2');
    return isOwn ? { members: item, name } : { members: others, name: httpMethod };
  }
}
