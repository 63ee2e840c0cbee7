import type { DescField, DescMessage } from '@bufbuild/protobuf';
import type { Resume } from './method.js';

/**
 * The fields with which a server stream resumes, by their names in the proto or in JSON. `undefined` when a message has no such field, which is told to
 * `report`.
 */
export function resumeFromNames(
  names: { readonly cursor: string; readonly resume: string },
  { input, output }: { readonly input: DescMessage; readonly output: DescMessage },
  report: (problem: string) => void,
): Resume | undefined {
  const cursor = scalarByName(output, names.cursor);
  const request = scalarByName(input, names.resume);
  if (cursor === undefined) report(noScalar('cursor', names.cursor, output));
  else if (request === undefined) report(noScalar('resume', names.resume, input));
  else return { cursor, request };
  return undefined;
}

function scalarByName(message: DescMessage, name: string): DescField | undefined {
  return message.fields.find(
    (field) => (field.name === name || field.jsonName === name) && field.fieldKind === 'scalar',
  );
}

function noScalar(part: string, name: string, message: DescMessage): string {
  return `${part}: ${message.typeName} has no single scalar field "${name}"`;
}
