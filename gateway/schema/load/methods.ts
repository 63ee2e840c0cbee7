import type { DescMethod, DescService, Registry } from '@bufbuild/protobuf';
import { MethodOptions_IdempotencyLevel } from '@bufbuild/protobuf/wkt';
import {
  bindingsFromRule,
  type HttpPattern,
  type HttpRule,
  parsePathTemplate,
  ruleOfMethod,
} from '../http/index.js';
import type { HttpMapping, Method } from '../method/index.js';
import {
  accessFromMethod,
  contentOfBody,
  exampleFromMethod,
  filesFromMethod,
  recordingFromMethod,
  streamFromMethod,
} from '../method/index.js';
import { type ProblemList, SchemaProblem } from '../problem/index.js';
import { fileOfService } from './link/index.js';

/** Where the gateway has its session, its description and its page. */
const OWN_PATHS = '/_sluice/';

/** Rules that take the place of those in the proto. */
export interface RuleSource {
  /** What a method has instead of its own rule; `undefined`: its own counts. `place` says where the rule is written. */
  ruleFor(desc: DescMethod): { readonly rule: HttpRule | undefined; readonly place: string } | undefined;
}

const OWN_RULES: RuleSource = { ruleFor: () => undefined };

/**
 * The methods of services by gRPC path, without those that `isLeftOut`. What is wrong with their options is added to `problems`.
 *
 * google/api/http.proto would have a conflict of rules stop the start. A gateway in front of services that it did not
 * write reports it instead: one broken rule must not take the other methods away. Where two rules have the same HTTP
 * method and the same pattern the first stays and the other is left out; so is one at a path that is never a rule's. A rule of `rules` goes
 * before those of the proto: who configures a gateway knows what it is in front of.
 */
export function methodsFromServices(
  services: readonly DescService[],
  registry: Registry,
  isLeftOut: (desc: DescMethod) => boolean,
  problems: ProblemList,
  rules: RuleSource = OWN_RULES,
): Map<string, Method> {
  const declared = services.flatMap((service) => service.methods).filter((desc) => !isLeftOut(desc));
  const claims = new PathClaims(services.flatMap((service) => service.methods.map(grpcPath)));
  const made = new Map<DescMethod, Method>();
  const make = (desc: DescMethod, given: ReturnType<RuleSource['ruleFor']>) =>
    made.set(desc, makeMethod(desc, registry, claims, problems, given));
  const given = new Map(declared.map((desc) => [desc, rules.ruleFor(desc)]));
  for (const [desc, rule] of given) if (rule !== undefined) make(desc, rule);
  for (const [desc, rule] of given) if (rule === undefined) make(desc, rule);
  return new Map(declared.map((desc) => [grpcPath(desc), made.get(desc) as Method]));
}

/** The method of a descriptor. `given` takes the place of its own rule. */
export function makeMethod(
  desc: DescMethod,
  registry: Registry,
  claims: PathClaims,
  problems: ProblemList,
  given?: ReturnType<RuleSource['ruleFor']>,
): Method {
  const path = grpcPath(desc);
  const add = (reason: string, file?: string) => problems.add(new SchemaProblem(path.slice(1), reason, file));
  const report = (reason: string) => add(reason, fileOfService(desc.parent));
  const reportRule = given === undefined ? report : (reason: string) => add(`${given.place}: ${reason}`);
  const rule = given === undefined ? ruleOfMethod(desc, report) : given.rule;
  const mappings = bindingsFromRule(rule, desc, reportRule).filter((mapping) =>
    claims.take(mapping, path, reportRule),
  );
  return methodFromDesc(desc, mappings, registry, report);
}

/** Which method has a path and verb. */
export class PathClaims {
  /** By the shape of a path, since one map of verbs and shapes would need a long text more for each rule. */
  readonly #owners = new Map<string, Map<string, string>>();
  readonly #grpcPaths: ReadonlySet<string>;

  /** The gRPC paths of all methods. */
  constructor(grpcPaths: readonly string[]) {
    this.#grpcPaths = new Set(grpcPaths);
  }

  /** Whether the method at a gRPC path may have it. Who has it already, and what to do, is told to `report`. */
  take({ httpMethod, template }: HttpPattern, grpcPath: string, report: (problem: string) => void): boolean {
    const { shape } = parsePathTemplate(template);
    const owners = this.#owners.get(shape);
    const owner = owners?.get(httpMethod);
    const rule = () => `the http rule "${httpMethod} ${template}"`;
    if (owner !== undefined) {
      report(`${rule()} is taken by ${owner}: give one of them another path, in its proto or in http.rules`);
      return false;
    }
    const reserved = ownerOfPath(shape, grpcPath, this.#grpcPaths);
    if (reserved !== undefined) {
      report(`${rule()} is taken by ${reserved}: give it another path`);
      return false;
    }
    if (owners === undefined) this.#owners.set(shape, new Map([[httpMethod, grpcPath.slice(1)]]));
    else owners.set(httpMethod, grpcPath.slice(1));
    return true;
  }
}

export function grpcPath({ parent, name }: DescMethod): string {
  return `/${parent.typeName}/${name}`;
}

/** Whose a path is whatever a rule says: it would never reach the rule. A method may have a rule for its own gRPC path. */
function ownerOfPath(shape: string, grpcPath: string, grpcPaths: ReadonlySet<string>): string | undefined {
  if (shape.startsWith(OWN_PATHS)) return `the gateway, as all paths below ${OWN_PATHS}`;
  const isOfOther = grpcPaths.has(shape) && shape !== grpcPath;
  return isOfOther ? `the gRPC path of ${shape.slice(1)}` : undefined;
}

/** With these mappings. What is wrong with its other options is told to `report`. */
export function methodFromDesc(
  desc: DescMethod,
  mappings: readonly HttpMapping[],
  foreign: Registry,
  report: (problem: string) => void,
): Method {
  const service = desc.parent.typeName;
  const { upload, download } = filesFromMethod(desc, foreign, report);
  const bindings = mappings.map((mapping) => ({
    ...mapping,
    upload: contentOfBody(mapping.body, upload, mapping.variables),
    download: contentOfBody(mapping.responseBody, download),
  }));
  const files = [upload, download, ...bindings.flatMap((binding) => [binding.upload, binding.download])];
  const declaredSafe = desc.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS;
  return {
    path: grpcPath(desc),
    service,
    name: desc.name,
    requestStream: desc.proto.clientStreaming,
    responseStream: desc.proto.serverStreaming,
    input: desc.input,
    output: desc.output,
    bindings,
    safe: declaredSafe || bindings.some(({ httpMethod }) => httpMethod === 'GET'),
    ...streamFromMethod(desc, foreign, report),
    recording: recordingFromMethod(desc, foreign, report),
    upload,
    download,
    file: files.some((content) => content?.declared === true),
    access: accessFromMethod(desc, foreign, report),
    example: exampleFromMethod(desc, foreign, report),
  };
}
