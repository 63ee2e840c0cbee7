import { create } from '@bufbuild/protobuf';
import {
  type MethodDescriptorProto,
  MethodDescriptorProtoSchema,
  type ServiceDescriptorProto,
  ServiceDescriptorProtoSchema,
} from '@bufbuild/protobuf/wkt';
import { type ProblemList, SchemaProblem } from '../../problem/index.js';
import type { Declaration, LinkFile, Scope } from './declaration.js';
import { faultOfFile, IDENTIFIER, packageScope } from './declare.js';
import type { Explain } from './faults.js';

/** A service with the methods that can be called; the others, and a service that is none, leave an empty place. */
export interface LinkedService {
  /** "pkg.Service"; absent for an empty place. */
  readonly fullName: string | undefined;
  readonly file: LinkFile;
  readonly proto: ServiceDescriptorProto;
  readonly uses: readonly Declaration[];
}

/** Why methods are left out, by gRPC path. */
export type LeftOut = Map<string, SchemaProblem>;

export interface LinkedServices {
  readonly services: readonly LinkedService[];
  readonly leftOut: LeftOut;
  /** The descriptors that stand in the places of methods that were left out. */
  readonly emptyPlaces: ReadonlySet<object>;
}

/**
 * The services of files, each name once: the first that declares it wins. A method whose request or response cannot be linked is left
 * out, and a problem. `isExposed` says whose problems matter.
 */
export function linkServices(
  files: readonly LinkFile[],
  outermost: Scope,
  explain: Explain,
  isExposed: (name: string) => boolean,
  problems: ProblemList,
): LinkedServices {
  const emptyPlaces = new Set<object>();
  const leftOut: LeftOut = new Map();
  const names = new Set<string>();
  const empty = outermost.find('.google.protobuf.Empty', ['message']);
  let places = 0;
  const placeholder = () => `LeftOut${++places}`;

  const linkService = (
    file: LinkFile,
    scope: Scope | undefined,
    proto: ServiceDescriptorProto,
  ): LinkedService => {
    const { package: outer, name: fileName } = file.proto;
    const fullName = outer === '' ? proto.name : `${outer}.${proto.name}`;
    if (scope === undefined || names.has(fullName) || !IDENTIFIER.test(proto.name)) {
      const place = create(ServiceDescriptorProtoSchema, { name: placeholder() });
      return { fullName: undefined, file, proto: place, uses: [] };
    }
    names.add(fullName);
    const fileFault = faultOfFile(file.proto);
    const methods = new Set<string>();
    const uses: Declaration[] = [];
    const linked = proto.method.map((method) => {
      const types = {
        request: scope.find(method.inputType, ['message']),
        response: scope.find(method.outputType, ['message']),
      };
      const reason =
        fileFault ??
        (IDENTIFIER.test(method.name) ? undefined : 'its name is not valid') ??
        (methods.has(method.name) ? 'another method of the service has its name' : undefined) ??
        faultOfType('request', method.inputType, types.request, () =>
          explain(method.inputType, `${fullName}.${method.name}`, file),
        ) ??
        faultOfType('response', method.outputType, types.response, () =>
          explain(method.outputType, `${fullName}.${method.name}`, file),
        );
      if (reason === undefined && types.request !== undefined && types.response !== undefined) {
        methods.add(method.name);
        uses.push(types.request, types.response);
        return withTypes(method, types.request, types.response);
      }
      const root = types.request?.fault ?? types.response?.fault;
      const problem = new SchemaProblem(`${fullName}/${method.name}`, reason ?? '', root?.file ?? fileName);
      if (!methods.has(method.name)) leftOut.set(`/${fullName}/${method.name}`, problem);
      if (isExposed(fullName)) problems.add(problem);
      if (empty !== undefined) uses.push(empty);
      const type = '.google.protobuf.Empty';
      const names = { name: placeholder(), inputType: type, outputType: type };
      const place = create(MethodDescriptorProtoSchema, names);
      emptyPlaces.add(place);
      return place;
    });
    const copy = Object.assign(Object.create(Object.getPrototypeOf(proto)), proto, { method: linked });
    return { fullName, file, proto: copy as ServiceDescriptorProto, uses };
  };

  const services = files.flatMap((file) => {
    const scope = packageScope(outermost, file.proto.package);
    return file.proto.service.map((proto) => linkService(file, scope, proto));
  });
  return { services, leftOut, emptyPlaces };
}

function faultOfType(
  role: 'request' | 'response',
  name: string,
  type: Declaration | undefined,
  explain: () => string,
): string | undefined {
  if (type === undefined)
    return `no file declares the type ${JSON.stringify(name)} of its ${role}${explain()}`;
  if (type.kind === 'message' && type.proto.options?.mapEntry === true) {
    return `the type of its ${role} is the entry of a map`;
  }
  if (type.fault === undefined) return undefined;
  const { fullName } = type.scope;
  const { name: root, reason } = type.fault;
  return root === fullName
    ? `its ${role} ${root} cannot be used: ${reason}`
    : `its ${role} ${fullName} needs ${root}, which cannot be used: ${reason}`;
}

function withTypes(
  method: MethodDescriptorProto,
  request: Declaration,
  response: Declaration,
): MethodDescriptorProto {
  const types = { inputType: `.${request.scope.fullName}`, outputType: `.${response.scope.fullName}` };
  if (method.inputType === types.inputType && method.outputType === types.outputType) return method;
  return Object.assign(Object.create(Object.getPrototypeOf(method)), method, types) as MethodDescriptorProto;
}
