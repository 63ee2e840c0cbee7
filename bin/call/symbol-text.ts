import type { DescEnum, DescMessage, DescService } from '@bufbuild/protobuf';
import {
  baseFiles,
  exampleJson,
  type HttpBinding,
  type Method,
  type Schema,
  serviceComment,
} from '../../gateway/schema/index.js';
import { escaped } from '../escaped.js';
import { UsageError } from '../options/index.js';
import { methodByName, suggestion } from './method-name.js';
import { commentLines, enumText, messageText } from './proto-text.js';

/** What a name of the schema means, as text like that of a .proto file. Throws `UsageError` that suggests the nearest names. */
export function symbolText(schema: Schema, name: string): string {
  const text = textOf(schema, name.replace(/^\//, ''));
  // Comments are the service's: none of their letters may be a command to a terminal.
  return `${text.split('\n').map(escaped).join('\n')}\n`;
}

function textOf(schema: Schema, name: string): string {
  const service = schema.services.find(({ typeName }) => typeName === name);
  if (service !== undefined) return serviceText(schema, service);
  const type = schema.registry.getMessage(name) ?? schema.registry.getEnum(name) ?? typeByEnd(schema, name);
  if (type !== undefined) return type.kind === 'message' ? messageText(type) : enumText(type);
  return methodWithTypes(schema, methodBySymbol(schema, name));
}

function methodBySymbol(schema: Schema, name: string): Method {
  try {
    return methodByName(schema, name);
  } catch (fault) {
    const names = [
      ...schema.methods.keys(),
      ...[...typesOf(schema), ...schema.services].map(({ typeName }) => `/${typeName}`),
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
  const options = optionLines(method).map((line) => `${indent}  ${line}`);
  const body = options.length === 0 ? `${head};` : [`${head} {`, ...options, `${indent}}`].join('\n');
  return [...commentLines(comment, indent), body].join('\n');
}

/** The options of a method that a caller may want to know. */
function optionLines({ bindings, resume, recording, upload, download, file }: Method): string[] {
  const data = [upload, download].find((content) => content?.declared)?.path.at(-1);
  return [
    ...bindings.map((binding) => `option (google.api.http) = { ${ruleText(binding)} };`),
    ...(resume === undefined
      ? []
      : [
          `option (sluice.v1.stream) = { cursor: "${resume.cursor.name}" resume: "${resume.request.name}" };`,
        ]),
    ...(file && data !== undefined ? [`option (sluice.v1.file) = { data: "${data.name}" };`] : []),
    ...(recording === undefined ? [] : ['option (sluice.v1.recording) = { ... };']),
  ];
}

function ruleText({ httpMethod, template, body }: HttpBinding): string {
  const verb = /^(?:GET|PUT|POST|DELETE|PATCH)$/.test(httpMethod)
    ? httpMethod.toLowerCase()
    : `custom "${httpMethod}"`;
  const of = body === undefined ? '' : ` body: "${typeof body === 'string' ? body : body.name}"`;
  return `${verb}: "${template}"${of}`;
}
