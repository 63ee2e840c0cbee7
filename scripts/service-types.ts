import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
// It teaches protobufjs the files of google/protobuf.
import '@grpc/proto-loader';
import protobuf from 'protobufjs';

const PROTO_FOLDER = fileURLToPath(new URL('../proto', import.meta.url));

/** What the core serves, by the file that declares it. */
const SERVICES = [
  ['streaming.proto', 'streaming.StreamingService'],
  ['grpc/health/v1/health.proto', 'grpc.health.v1.Health'],
  ['grpc/reflection/v1/reflection.proto', 'grpc.reflection.v1.ServerReflection'],
  ['grpc/reflection/v1alpha/reflection.proto', 'grpc.reflection.v1alpha.ServerReflection'],
] as const;

/** Options of fields that change the wire or the object; no others are kept. */
const KEPT_OPTIONS = ['packed', 'proto3_optional'];

interface TypesOfService {
  readonly methods: Record<string, object>;
  /** As `Root.fromJSON` of protobufjs takes them. */
  readonly types: { nested: Record<string, object> };
}

/** The text of `proto/services.json`: for each service of the core its methods, and the messages that these use. */
export function serviceTypesText(): string {
  const all = Object.fromEntries(SERVICES.map(([file, name]) => [name, typesOf(file, name)]));
  return `${JSON.stringify(all, leaveOut)}\n`;
}

function typesOf(file: string, name: string): TypesOfService {
  const root = new protobuf.Root();
  const resolveKnown = root.resolvePath;
  root.resolvePath = (origin, target) =>
    target.startsWith('google/protobuf/') ? resolveKnown(origin, target) : join(PROTO_FOLDER, target);
  root.loadSync(file, { keepCase: true }).resolveAll();
  const kept: TypesOfService = { methods: {}, types: { nested: {} } };
  const seen = new Set<protobuf.ReflectionObject>();
  for (const method of root.lookupService(name).methodsArray) {
    const { requestStream = false, responseStream = false } = method;
    const [request, response] = [method.resolvedRequestType, method.resolvedResponseType];
    if (request === null || response === null) throw new Error(`${name}.${method.name} is not resolved`);
    kept.methods[method.name] = {
      request: request.fullName.slice(1),
      response: response.fullName.slice(1),
      requestStream,
      responseStream,
    };
    for (const type of [request, response]) keep(outermost(type), kept, seen);
  }
  return kept;
}

/** With what is in it, and what its fields are of. */
function keep(
  type: protobuf.ReflectionObject,
  into: TypesOfService,
  seen: Set<protobuf.ReflectionObject>,
): void {
  if (seen.has(type)) return;
  seen.add(type);
  const path = type.fullName.slice(1).split('.');
  const name = path.pop() ?? '';
  let scope: Record<string, object> = into.types.nested;
  for (const part of path) {
    const inner = (scope[part] ?? { nested: {} }) as { nested: Record<string, object> };
    scope[part] = inner;
    scope = inner.nested;
  }
  scope[name] = type.toJSON();
  const stack: protobuf.ReflectionObject[] = [type];
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    if (!(top instanceof protobuf.Type)) continue;
    stack.push(...top.nestedArray);
    for (const { resolvedType } of top.fieldsArray) {
      if (resolvedType !== null) keep(outermost(resolvedType), into, seen);
    }
  }
}

function outermost(type: protobuf.ReflectionObject): protobuf.ReflectionObject {
  let outer = type;
  while (outer.parent instanceof protobuf.Type) outer = outer.parent;
  return outer;
}

function leaveOut(key: string, value: unknown): unknown {
  if (key !== 'options' || typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([name]) => KEPT_OPTIONS.includes(name));
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}
