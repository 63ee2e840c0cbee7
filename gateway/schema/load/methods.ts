import type { DescMethod, DescService, Registry } from '@bufbuild/protobuf';
import { MethodOptions_IdempotencyLevel } from '@bufbuild/protobuf/wkt';
import { bindingsFromMethod, parsePathTemplate } from '../http/index.js';
import type { HttpMapping, Method } from '../method/index.js';
import { contentOfBody, exampleFromMethod, filesFromMethod, streamFromMethod } from '../method/index.js';
import { type ProblemList, SchemaProblem } from '../problem/index.js';
import { fileOfService, type LinkedFiles } from './link/index.js';

/** Where the gateway has its session, its description and its page. */
const OWN_PATHS = '/_sluice/';

/**
 * The methods of services by gRPC path. What is wrong with their options is added to `problems`.
 *
 * google/api/http.proto would have a conflict of rules stop the start. A gateway in front of services that it did not
 * write reports it instead: one broken rule must not take the other methods away. Where two rules have the same HTTP
 * method and the same pattern the first stays and the other is left out; so is one at a path that is never a rule's.
 */
export function methodsFromServices(
  services: readonly DescService[],
  { registry, emptyPlaces }: Pick<LinkedFiles, 'registry' | 'emptyPlaces'>,
  problems: ProblemList,
): Map<string, Method> {
  const methods = new Map<string, Method>();
  const taken = new Map<string, string>();
  const grpcPaths = new Set(services.flatMap((service) => service.methods.map(grpcPath)));
  for (const service of services) {
    for (const desc of service.methods) {
      const name = `${service.typeName}/${desc.name}`;
      if (emptyPlaces.has(desc.proto)) continue;
      const report = (reason: string) =>
        problems.add(new SchemaProblem(name, reason, fileOfService(service)));
      const bindings = bindingsFromMethod(desc, report).filter((binding) => {
        const { shape } = parsePathTemplate(binding.template);
        const key = `${binding.httpMethod} ${shape}`;
        const owner = taken.get(key) ?? ownerOfPath(shape, desc, grpcPaths);
        if (owner !== undefined) {
          report(`the http rule "${binding.httpMethod} ${binding.template}" is taken by ${owner}`);
          return false;
        }
        taken.set(key, name);
        return true;
      });
      const method = methodFromDesc(desc, bindings, registry, report);
      methods.set(method.path, method);
    }
  }
  return methods;
}

function grpcPath({ parent, name }: DescMethod): string {
  return `/${parent.typeName}/${name}`;
}

/** Whose a path is whatever a rule says: it would never reach the rule. A method may have a rule for its own gRPC path. */
function ownerOfPath(shape: string, desc: DescMethod, grpcPaths: ReadonlySet<string>): string | undefined {
  if (shape.startsWith(OWN_PATHS)) return `the gateway, as all paths below ${OWN_PATHS}`;
  const isOfOther = grpcPaths.has(shape) && shape !== grpcPath(desc);
  return isOfOther ? `the gRPC path of ${shape.slice(1)}` : undefined;
}

function methodFromDesc(
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
    upload,
    download,
    file: files.some((content) => content?.declared === true),
    example: exampleFromMethod(desc, foreign, report),
  };
}
