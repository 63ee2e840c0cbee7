import type { DescMethod, DescService } from '@bufbuild/protobuf';
import type { Steps } from '../../async/index.js';
import { bindingsFromRule, createRouteTable, ruleOfMethod } from '../http/index.js';
import { LateMethod, type Method } from '../method/index.js';
import { ProblemList, SchemaError, SchemaProblem } from '../problem/index.js';
import { LateRegistry } from './late-registry.js';
import { LateRules } from './late-rules.js';
import { makeMethod, methodFromDesc, PathClaims } from './methods.js';
import { isOperatorService } from './operator-services.js';
import { type ScannedMethod, type ScannedService, type ScannedSet, scanSteps } from './scan/index.js';
import type { Schema } from './schema.js';

/**
 * The same as `schemaFromDescriptorSet` gives, of a set that is plain (`scanSteps`): read file by file, each when a type of it is needed. At the start
 * are read the names of types and methods, and the HTTP rules; that every type is sound is known as well. `undefined` for other sets, and where a wanted
 * service is missing. The bytes are kept, and must not change.
 */
export function* lateSchemaSteps(
  bytes: Uint8Array,
  wanted: readonly string[] | undefined,
): Steps<Schema | undefined> {
  const set = yield* scanSteps(bytes);
  if (set === undefined) return undefined;
  const services = exposed(set, wanted);
  const reader = new LateReader(set, services);
  const methods = yield* methodsOf(reader);
  if (methods === undefined || methods.size === 0) return undefined;
  const problems = reader.problems.list();
  return {
    registry: reader.registry,
    services: lateList(
      services.map(
        ({ fullName }) =>
          () =>
            reader.service(fullName),
      ),
    ),
    serviceNames: services.map(({ fullName }) => fullName),
    methods,
    routes: createRouteTable(methods),
    problems,
    sourceProblems: [],
    leftOut: new Map(),
    digest: undefined,
    files: [],
  };
}

/** `undefined` where a file that is needed now cannot be read. */
function* methodsOf(reader: LateReader): Steps<Map<string, Method> | undefined> {
  try {
    return yield* reader.methods();
  } catch (error) {
    if (error instanceof SchemaError) return undefined;
    throw error;
  }
}

function exposed({ files }: ScannedSet, wanted: readonly string[] | undefined): ScannedService[] {
  const declared = files.flatMap(({ services }) => services);
  if (wanted === undefined) return declared.filter(({ fullName }) => !isOperatorService(fullName));
  const byName = new Map(declared.map((service) => [service.fullName, service]));
  const found = wanted.flatMap((name) => byName.get(name) ?? []);
  return found.length === wanted.length ? found : [];
}

/** A list whose elements are made when they are read. */
function lateList<Element>(makers: readonly (() => Element)[]): readonly Element[] {
  const list: Element[] = new Array(makers.length);
  for (const [index, get] of makers.entries()) {
    Object.defineProperty(list, index, { get, enumerable: true, configurable: true });
  }
  return list;
}

class LateReader {
  readonly registry: LateRegistry;
  readonly problems = new ProblemList();
  readonly #services: readonly ScannedService[];
  readonly #rules: LateRules;
  readonly #claims: PathClaims;
  /** Bindings that have no path of their own, by gRPC path. */
  readonly #refused = new Map<string, Set<number>>();
  readonly #known = new Map<string, ReadonlyMap<string, DescMethod>>();

  constructor(set: ScannedSet, services: readonly ScannedService[]) {
    this.registry = new LateRegistry(set);
    this.#rules = new LateRules(set);
    this.#services = services;
    this.#claims = new PathClaims(services.flatMap(({ methods }) => methods.map(({ path }) => path)));
  }

  *methods(): Steps<Map<string, Method>> {
    const methods = new Map<string, Method>();
    for (const service of this.#services) {
      for (const method of service.methods) {
        methods.set(method.path, this.#method(service, method));
        yield;
      }
    }
    return methods;
  }

  service(name: string): DescService {
    return this.registry.getService(name) as DescService;
  }

  #method(service: ScannedService, scanned: ScannedMethod): Method {
    const { path, name, requestStream, responseStream } = scanned;
    const options = this.#rules.optionsOf(scanned);
    if (options === undefined) {
      return makeMethod(this.#desc(path), this.registry, this.#claims, this.problems);
    }
    const patterns = options.patterns.filter((pattern, index) => {
      const isTaken = !this.#claims.take(pattern, path, (reason) =>
        this.problems.add(new SchemaProblem(path.slice(1), reason, service.file.name)),
      );
      if (isTaken) this.#refused.set(path, (this.#refused.get(path) ?? new Set()).add(index));
      return !isTaken;
    });
    const safe = options.declaredSafe || patterns.some(({ httpMethod }) => httpMethod === 'GET');
    const head = { path, service: service.fullName, name, requestStream, responseStream, safe, patterns };
    return new LateMethod(head, this.#make);
  }

  readonly #make = (path: string): Method => {
    const desc = this.#desc(path);
    const refused = this.#refused.get(path);
    // All that could be wrong was looked at before.
    const mappings = bindingsFromRule(ruleOfMethod(desc, ignore), desc, ignore).filter(
      (_, index) => refused?.has(index) !== true,
    );
    return methodFromDesc(desc, mappings, this.registry, ignore);
  };

  #desc(path: string): DescMethod {
    const slash = path.lastIndexOf('/');
    const service = path.slice(1, slash);
    let methods = this.#known.get(service);
    if (methods === undefined) {
      methods = new Map(this.service(service).methods.map((desc) => [desc.name, desc]));
      this.#known.set(service, methods);
    }
    return methods.get(path.slice(slash + 1)) as DescMethod;
  }
}

function ignore(): void {}
