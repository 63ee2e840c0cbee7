import { MethodOptionsSchema, ServiceOptionsSchema } from '@bufbuild/protobuf/wkt';
import { type FileDraft, fullName, MethodDraft, ServiceDraft } from './draft.js';
import { readOption } from './option-value.js';
import { optionsOf } from './options-draft.js';
import type { TokenReader } from './token-reader.js';

/** What stands where in google.protobuf.FileDescriptorProto and ServiceDescriptorProto. */
const SERVICE = 6;
const METHOD = 2;

/** Reads `service Name { ... }`. */
export function parseService(draft: FileDraft, scope: string): void {
  const { reader, locations } = draft;
  const start = reader.place();
  reader.next();
  const service = new ServiceDraft(reader.identifier('the name of a service'));
  locations.enter(SERVICE, draft.service.push(service) - 1);
  const name = fullName(scope, service.name);
  reader.block(() => {
    if (reader.acceptWord('option')) {
      const option = readOption(reader);
      reader.expectSymbol(';');
      optionsOf(draft, service, ServiceOptionsSchema, name).pending.push(option);
    } else {
      parseMethod(draft, name, service);
    }
  });
  locations.leave(start, reader);
}

function parseMethod(draft: FileDraft, scope: string, parent: ServiceDraft): void {
  const { reader, locations } = draft;
  const start = reader.place();
  reader.expectWord('rpc');
  const method = new MethodDraft(reader.identifier('the name of a method'));
  locations.enter(METHOD, parent.method.push(method) - 1);
  reader.expectSymbol('(');
  method.clientStreaming = acceptStream(reader);
  method.inputAt = reader.start;
  method.inputType = reader.qualifiedName('the name of a message');
  reader.expectSymbol(')');
  reader.expectWord('returns');
  reader.expectSymbol('(');
  method.serverStreaming = acceptStream(reader);
  method.outputAt = reader.start;
  method.outputType = reader.qualifiedName('the name of a message');
  reader.expectSymbol(')');
  if (reader.isSymbol('{')) {
    // protoc leaves an empty options message where there is an empty block.
    const { pending } = optionsOf(draft, method, MethodOptionsSchema, scope);
    reader.block(() => {
      reader.expectWord('option');
      pending.push(readOption(reader));
      reader.expectSymbol(';');
    });
  } else {
    reader.expectSymbol(';');
  }
  locations.leave(start, reader);
}

/** Before anything but `)` it is the keyword, also in `stream.Type`: protoc and buf read it so. */
function acceptStream(reader: TokenReader): boolean {
  const isStream = reader.isWord('stream') && !reader.isNext(')');
  if (isStream) reader.next();
  return isStream;
}
