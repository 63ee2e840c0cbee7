import type { DescMethod, DescService, Registry } from '@bufbuild/protobuf';
import { MethodOptions_IdempotencyLevel } from '@bufbuild/protobuf/wkt';
import { bindingsFromMethod } from './bindings.js';
import { contentOfBody } from './file-content.js';
import type { HttpMapping } from './http-rule.js';
import { fileOfService, type LinkedFiles } from './link/index.js';
import type { Method } from './method.js';
import { exampleFromMethod, filesFromMethod, streamFromMethod } from './method-options.js';
import { parsePathTemplate } from './path-template.js';
import { type ProblemList, SchemaProblem } from './schema-problem.js';

/**
 * The methods of services by gRPC path. What is wrong with their options is added to `problems`.
 *
 * google/api/http.proto would have a conflict of rules stop the start. A gateway in front of services that it did not
 * write reports it instead: one broken rule must not take the other methods away. Where two rules have the same HTTP
 * method and the same pattern the first stays and the other is left out.
 */
export function methodsFromServices(
  services: readonly DescService[],
  { registry, emptyPlaces }: Pick<LinkedFiles, 'registry' | 'emptyPlaces'>,
  problems: ProblemList,
): Map<string, Method> {
  const methods = new Map<string, Method>();
  const taken = new Map<string, string>();
  for (const service of services) {
    for (const desc of service.methods) {
      const name = `${service.typeName}/${desc.name}`;
      if (emptyPlaces.has(desc.proto)) continue;
      const report = (reason: string) =>
        problems.add(new SchemaProblem(name, reason, fileOfService(service)));
      const bindings = bindingsFromMethod(desc, report).filter((binding) => {
        const key = `${binding.httpMethod} ${parsePathTemplate(binding.template).shape}`;
        const owner = taken.get(key);
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
    path: `/${service}/${desc.name}`,
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
