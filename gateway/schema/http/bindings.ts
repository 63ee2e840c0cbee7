import {
  type DescExtension,
  type DescField,
  type DescMessage,
  type DescMethod,
  fromBinary,
  getOption,
  hasOption,
} from '@bufbuild/protobuf';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { baseFiles } from '../base/index.js';
import type { HttpMapping, PathVariable } from '../method/index.js';
import { type HttpRule, patternOfRule, ruleName } from './http-rule.js';
import { isTextMessage } from './parameter-name.js';
import { patchMask } from './patch-mask.js';
import { parsePathTemplate } from './path-template.js';

/** What `google.api.http` says of a method; `undefined` without it, and where it cannot be read, which is told to `report`. */
export function ruleOfMethod(method: DescMethod, report: (problem: string) => void): HttpRule | undefined {
  const extension = baseFiles().registry.getExtension('google.api.http');
  if (extension === undefined || !hasOption(method, extension)) return undefined;
  try {
    return messageOption(method, extension) as unknown as HttpRule;
  } catch (error) {
    report(`the option google.api.http cannot be read: ${error instanceof Error ? error.message : error}`);
    return undefined;
  }
}

/** The same as `getOption`, which makes a message around the option each time: with 10,000 rules that was a sixth of the start. */
function messageOption(method: DescMethod, extension: DescExtension): unknown {
  const parts = (method.proto.options?.$unknown ?? []).filter(({ no }) => no === extension.number);
  const [only] = parts;
  if (
    parts.length !== 1 ||
    only?.wireType !== WireType.LengthDelimited ||
    extension.fieldKind !== 'message'
  ) {
    return getOption(method, extension);
  }
  return fromBinary(extension.message, new BinaryReader(only.data).bytes());
}

/**
 * The HTTP bindings of a method by its rule, in order of declaration. A binding that is wrong is left out and told to `report`, so that the
 * method keeps its other paths.
 */
export function bindingsFromRule(
  rule: HttpRule | undefined,
  method: DescMethod,
  report: (problem: string) => void,
): HttpMapping[] {
  if (rule === undefined) return [];
  const bindings: HttpMapping[] = [];
  for (const [index, each] of [rule, ...rule.additionalBindings].entries()) {
    try {
      if (index > 0 && each.additionalBindings.length > 0) {
        throw new Error('additional_bindings cannot have additional_bindings');
      }
      bindings.push(bindingFromRule(each, method));
    } catch (error) {
      report(`the http rule ${ruleName(each)}: ${error instanceof Error ? error.message : error}`);
    }
  }
  return bindings;
}

function bindingFromRule(rule: HttpRule, { input, output }: DescMethod): HttpMapping {
  const { body, responseBody } = rule;
  const { httpMethod, template } = patternOfRule(rule);
  const variables = parsePathTemplate(template).variables.map(
    ({ field, multiSegment }): PathVariable => ({ fieldPath: fieldPath(input, field), multiSegment }),
  );
  const bodyField = body === '' ? undefined : body === '*' ? '*' : topField(input, body, 'body');
  return {
    httpMethod,
    template,
    variables,
    body: bodyField,
    mask: httpMethod === 'PATCH' ? patchMask(input, bodyField) : undefined,
    responseBody: responseBody === '' ? undefined : topField(output, responseBody, 'response_body'),
  };
}

/** Every step but the last is a single message, the last a single scalar or enum, or a message whose JSON is one text. */
function fieldPath(input: DescMessage, path: string): DescField[] {
  const fields: DescField[] = [];
  let message: DescMessage | undefined = input;
  for (const name of path.split('.')) {
    if (message === undefined)
      throw new Error(`the variable "${path}": "${fields.at(-1)?.name}" is no single message`);
    const field: DescField | undefined = message.fields.find((candidate) => candidate.name === name);
    if (field === undefined)
      throw new Error(`the variable "${path}": ${message.typeName} has no field "${name}"`);
    fields.push(field);
    message = field.fieldKind === 'message' ? field.message : undefined;
  }
  const last = fields.at(-1);
  const isText = last?.fieldKind === 'message' && isTextMessage(last.message);
  if (last?.fieldKind !== 'scalar' && last?.fieldKind !== 'enum' && !isText) {
    throw new Error(
      `the variable "${path}" must be a single scalar or enum field, or a time, mask or wrapper`,
    );
  }
  return fields;
}

function topField(message: DescMessage, name: string, option: string): DescField {
  if (name.includes('.'))
    throw new Error(`${option}: "${name}" is nested; only a field of ${message.typeName} itself can be it`);
  const field = message.fields.find((candidate) => candidate.name === name);
  if (field === undefined) throw new Error(`${option}: ${message.typeName} has no field "${name}"`);
  return field;
}
