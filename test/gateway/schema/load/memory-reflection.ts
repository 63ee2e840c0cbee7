import { fromBinary, fromJson, type JsonObject, toBinary, toJson } from '@bufbuild/protobuf';
import { baseFiles } from '../../../../gateway/schema/base/base-files.js';
import type { ReflectionOpen } from '../../../../gateway/schema/index.js';

/** A reflection service without a network: what is asked is answered by a function, with one answer or several. */
export function memoryReflection(
  answer: (request: JsonObject) => JsonObject | JsonObject[] | 'end' | 'hang' | { readonly code: number },
  { endsAfterAnswer = false }: { endsAfterAnswer?: boolean } = {},
): ReflectionOpen {
  const { registry } = baseFiles();
  const request = registry.getMessage('grpc.reflection.v1.ServerReflectionRequest');
  const response = registry.getMessage('grpc.reflection.v1.ServerReflectionResponse');
  if (request === undefined || response === undefined) throw new Error('no reflection descriptors');
  return (_path, signal) => {
    let answers: Uint8Array[] = [];
    let isOver = false;
    let code = 0;
    const ended = new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    return {
      write: async (batch) => {
        for (const bytes of batch) {
          const given = answer(toJson(request, fromBinary(request, bytes)) as JsonObject);
          if (given === 'end') isOver = true;
          else if (typeof given === 'object' && 'code' in given) {
            isOver = true;
            code = Number(given.code);
          } else if (given !== 'hang')
            answers.push(...[given].flat().map((each) => toBinary(response, fromJson(response, each))));
        }
        return true;
      },
      read: async () => {
        if (answers.length === 0) {
          if (!isOver) await ended;
          return undefined;
        }
        const batch = answers;
        answers = [];
        isOver ||= endsAfterAnswer;
        return batch;
      },
      halfClose: () => {},
      cancel: () => {
        isOver = true;
      },
      get status() {
        return Promise.resolve({ code, message: code === 0 ? '' : `it failed with ${code}` });
      },
    };
  };
}
