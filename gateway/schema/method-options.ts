import {
  type DescField,
  type DescMessage,
  type DescMethod,
  getOption,
  hasOption,
  type Registry,
  ScalarType,
} from '@bufbuild/protobuf';
import { baseFiles } from './base-files.js';
import type { Resume } from './method.js';

export const HTTP_BODY = 'google.api.HttpBody';

/**
 * How a server stream resumes, from `(sluice.v1.stream)`. A rule that does not fit its messages is told to `report`
 * and counts as none.
 */
export function resumeFromMethod(
  method: DescMethod,
  foreign: Registry,
  report: (problem: string) => void,
): Resume | undefined {
  const rule = readOption<{ cursor: string; resume: string }>(method, 'sluice.v1.stream', foreign, report);
  if (rule === undefined) return undefined;
  const cursor = scalarField(method.output, rule.cursor);
  const request = scalarField(method.input, rule.resume);
  if (!method.proto.serverStreaming) report('(sluice.v1.stream): the method does not stream its responses');
  else if (cursor === undefined) report(scalarProblem('cursor', rule.cursor, method.output));
  else if (request === undefined) report(scalarProblem('resume', rule.resume, method.input));
  else return { cursor, request };
  return undefined;
}

/** The fields that carry a file: see `Method.uploadField`, `downloadField` and `file`. */
export interface FileFields {
  readonly uploadField: DescField | undefined;
  readonly downloadField: DescField | undefined;
  readonly file: boolean;
}

/**
 * Which fields are the content of a file. `(sluice.v1.file)` holds for whichever side has the field; a rule that fits
 * neither is told to `report` and counts as none.
 */
export function fileFieldsFromMethod(
  method: DescMethod,
  foreign: Registry,
  report: (problem: string) => void,
): FileFields {
  const { input, output } = method;
  const rule = readOption<{ data: string }>(method, 'sluice.v1.file', foreign, report);
  const named = rule?.data ?? '';
  const upload = rule && bytesFields(input).find((field) => field.name === named);
  const download = rule && bytesFields(output).find((field) => field.name === named);
  const fits = upload !== undefined || download !== undefined;
  if (rule !== undefined && !fits) {
    report(
      `(sluice.v1.file): neither ${input.typeName} nor ${output.typeName} has a single bytes field "${named}"`,
    );
  }
  return {
    uploadField: upload ?? contentField(input),
    downloadField: download ?? contentField(output),
    file: fits || input.typeName === HTTP_BODY || output.typeName === HTTP_BODY,
  };
}

function contentField(message: DescMessage): DescField | undefined {
  const fields = bytesFields(message);
  if (message.typeName === HTTP_BODY) return fields.find((field) => field.name === 'data');
  return fields.length === 1 ? fields[0] : undefined;
}

function bytesFields(message: DescMessage): DescField[] {
  return message.fields.filter((field) => field.fieldKind === 'scalar' && field.scalar === ScalarType.BYTES);
}

function scalarField(message: DescMessage, name: string): DescField | undefined {
  return message.fields.find((field) => field.name === name && field.fieldKind === 'scalar');
}

function scalarProblem(part: string, name: string, message: DescMessage): string {
  return `(sluice.v1.stream): ${part}: ${message.typeName} has no single scalar field "${name}"`;
}

/** A set may have an option of its own under our number: 50000 to 99999 are free for every company's use. */
function readOption<T>(
  method: DescMethod,
  typeName: string,
  foreign: Registry,
  report: (problem: string) => void,
): T | undefined {
  const { registry } = baseFiles();
  const extension = registry.getExtension(typeName);
  if (extension === undefined || !hasOption(method, extension)) return undefined;
  const theirs = foreign.getExtensionFor(extension.extendee, extension.number);
  if (theirs !== undefined && theirs.typeName !== typeName) return undefined;
  try {
    return getOption(method, extension) as unknown as T;
  } catch (error) {
    report(`the option (${typeName}) cannot be read: ${error instanceof Error ? error.message : error}`);
    return undefined;
  }
}
