import { type Method, methodKind, type Schema } from '../../gateway/schema/index.js';
import { escaped } from '../escaped.js';

/** The kinds of methods in words. */
const KINDS = {
  unary: 'unary',
  server_stream: 'server stream',
  client_stream: 'client stream',
  bidi_stream: 'bidi stream',
} as const;

/** One line for each method, which begins with what `sluice call` takes; of one service if `service` says so. */
export function methodLines(schema: Schema, service?: string): string[] {
  const methods = [...schema.methods.values()].filter(
    (method) => service === undefined || method.service === service,
  );
  const width = Math.max(0, ...methods.map(({ path }) => path.length - 1));
  return methods.map((method) =>
    escaped(
      `${method.path.slice(1).padEnd(width)}  ${KINDS[methodKind(method)].padEnd(13)}  ${typesText(method)}`,
    ),
  );
}

function typesText({ input, output, requestStream, responseStream }: Method): string {
  return `${requestStream ? 'stream ' : ''}${input.name} -> ${responseStream ? 'stream ' : ''}${output.name}`;
}
