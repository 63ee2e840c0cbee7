import type { DescEnum, DescMessage, DescService } from '@bufbuild/protobuf';
import {
  baseFiles,
  exampleJson,
  type Method,
  type Schema,
  serviceComment,
} from '../../gateway/schema/index.js';
import { escaped } from '../escaped.js';
import { UsageError } from '../options/index.js';
import { methodByName, suggestion } from './method-name.js';
import { optionTexts } from './option-text.js';
import { commentLines, enumText, memberText, messageText } from './proto-text.js';

/** What a name of the schema means, as text like that of a .proto file. Throws `UsageError` that suggests the nearest names. */
export function symbolText(schema: Schema, name: string): string {
  // grpcurl and protobuf itself write a whole name with a dot in front.
  const text = textOf(schema, name.replace(/^[./]/, ''));
  // Comments are the service's: none of their letters may be a command to a terminal.
  return `${text.split('\n').map(escaped).join('\n')}\n`;
}

function textOf(schema: Schema, name: string): string {
  const service = schema.services.find(({ typeName }) => typeName === name);
  if (service !== undefined) return serviceText(schema, service);
  const type = schema.registry.getMessage(name) ?? schema.registry.getEnum(name) ?? typeByEnd(schema, name);
  if (type !== undefined) return type.kind === 'message' ? messageText(type) : enumText(type);
  return memberOf(schema, name) ?? methodWithTypes(schema, methodBySymbol(schema, name));
}

/** A field or a oneof of a message, or a value of an enum: `Type.member`, with the type of a field behind it. */
function memberOf(schema: Schema, name: string): string | undefined {
  const dot = name.lastIndexOf('.');
  const [typeName, member] = [name.slice(0, dot), name.slice(dot + 1)];
  if (dot < 1) return undefined;
  const { registry } = schema;
  const type = registry.getMessage(typeName) ?? registry.getEnum(typeName) ?? typeByEnd(schema, typeName);
  return type === undefined ? undefined : memberText(type, member);
}

function methodBySymbol(schema: Schema, name: string): Method {
  try {
    return methodByName(schema, name);
  } catch (fault) {
    const names = [
      ...schema.methods.keys(),
      ...[...typesOf(schema), ...schema.services].map(({ typeName }) => `/${typeName}`),
      ...membersNear(schema, name),
    ];
    if (
      !(fault instanceof UsageError) ||
      schema.leftOut.has(`/${name}`) ||
      fault.message.includes(' may be ')
    )
      throw fault;
    throw new UsageError(
      `there is no service, method or type ${JSON.stringify(name.slice(0, 200))}${suggestion(name, names)}`,
    );
  }
}

/** The members of the type that a name names in front of its last dot. */
function membersNear(schema: Schema, name: string): string[] {
  const typeName = name.slice(0, Math.max(0, name.lastIndexOf('.')));
  const type = schema.registry.getMessage(typeName) ?? typeByEnd(schema, typeName);
  const members = type?.kind === 'message' ? type.fields : (type?.values ?? []);
  return members.map((member) => `/${typeName}.${member.name}`);
}

function* typesOf({ registry }: Schema): Generator<DescMessage | DescEnum> {
  for (const type of registry) if (type.kind === 'message' || type.kind === 'enum') yield type;
}

/** The only type whose name ends so; one of the schema itself goes before those that any schema may have. */
function typeByEnd(schema: Schema, name: string): DescMessage | DescEnum | undefined {
  const found = [...typesOf(schema)].filter(({ typeName }) => typeName.endsWith(`.${name}`));
  const own = found.filter(({ typeName }) => baseFiles().registry.get(typeName) === undefined);
  const [only, ...others] = own.length > 0 ? own : found;
  return others.length === 0 ? only : undefined;
}

function serviceText(schema: Schema, service: DescService): string {
  const methods = service.methods.flatMap(
    ({ name }) => schema.methods.get(`/${service.typeName}/${name}`) ?? [],
  );
  const texts = methods.map((method) => rpcText(schema, method, '  '));
  return [
    ...commentLines(serviceComment(service)),
    `service ${service.name} {`,
    texts.join('\n\n'),
    '}',
  ].join('\n');
}

/** A method with its messages, and a command line that calls it. */
function methodWithTypes(schema: Schema, method: Method): string {
  const types = [...new Set([method.input, method.output])].map((type) => messageText(type));
  const example = JSON.stringify(method.example ?? exampleJson(method.input, method.bindings)).replaceAll(
    "'",
    "'\\''",
  );
  const line = `// sluice call ${method.path.slice(1)} -d '${example}'`;
  return [rpcText(schema, method, ''), ...types, line].join('\n\n');
}

function rpcText({ services }: Schema, method: Method, indent: string): string {
  const { name, input, output, requestStream, responseStream } = method;
  const service = services.find(({ typeName }) => typeName === method.service);
  const index = service?.methods.findIndex((one) => one.name === name) ?? -1;
  const comment = service === undefined || index < 0 ? '' : serviceComment(service, index);
  const request = `${requestStream ? 'stream ' : ''}${input.typeName}`;
  const response = `${responseStream ? 'stream ' : ''}${output.typeName}`;
  const head = `${indent}rpc ${name}(${request}) returns (${response})`;
  const options = optionTexts(method).map((text) => `${indent}  option ${text};`);
  const body = options.length === 0 ? `${head};` : [`${head} {`, ...options, `${indent}}`].join('\n');
  return [...commentLines(comment, indent), body].join('\n');
}
