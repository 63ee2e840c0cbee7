import { type DescMessage, fromBinary, toJson } from '@bufbuild/protobuf';
import t from 'tap';
import {
  endOfFileFrame,
  openUploadFrame,
  pieceFrame,
  uploadFrame,
} from '../../../clients/playground/files/upload-frames.js';
import { createUploadMessages } from '../../../clients/playground/files/upload-messages.js';
import { schemaFromProtoFiles } from '../../../gateway/index.js';
import { clientFrameFromProto, protoFromServerFrame } from '../../../gateway/wire/session/index.js';
import { shelfProto } from './shelf-service.js';

const schema = await schemaFromProtoFiles([shelfProto], ['proto']);
const typeOf = (path: string) => schema.methods.get(path)?.input as DescMessage;
const pieces = [Buffer.from('ab'), Buffer.from('c')];

function messagesOf(type: DescMessage, path: string, request: Record<string, unknown>, mediaType = '') {
  const messages = createUploadMessages(type, path, request, mediaType);
  const all = [...(messages.head ? [messages.head] : []), ...pieces.map((piece) => messages.next(piece))];
  return all.map((one) => toJson(type, fromBinary(type, one)));
}

t.test(
  'the messages of a file: what excludes the data goes before it, the rest with the first piece',
  (t) => {
    const part = typeOf('/shelf.v1.Shelf/Put');
    t.same(messagesOf(part, 'chunk', { about: { name: 'x', size: '3' }, chunk: 'AAAA' }), [
      { about: { name: 'x', size: '3' } },
      { chunk: 'YWI=' },
      { chunk: 'Yw==' },
    ]);
    t.same(messagesOf(part, 'chunk', {}), [{ chunk: 'YWI=' }, { chunk: 'Yw==' }]);
    const body = typeOf('/shelf.v1.Shelf/PutBody');
    t.same(messagesOf(body, 'data', {}, 'text/plain'), [
      { contentType: 'text/plain', data: 'YWI=' },
      { data: 'Yw==' },
    ]);
    t.throws(() => messagesOf(part, 'gone', {}), { message: /has no field gone/ });
    t.throws(() => messagesOf(part, 'chunk', { about: 'x' }));
    t.end();
  },
);

t.test('the frames are those of the gateway', (t) => {
  t.match(clientFrameFromProto(Buffer.from(openUploadFrame('a.B/C', { x: 'y' }))), {
    kind: 'open',
    id: 1,
    method: 'a.B/C',
    metadata: [['x', 'y']],
  });
  t.match(clientFrameFromProto(Buffer.from(pieceFrame(Buffer.from('abc')))), {
    kind: 'message',
    id: 1,
    data: Buffer.from('abc'),
  });
  t.match(clientFrameFromProto(Buffer.from(endOfFileFrame())), { kind: 'halfClose', id: 1 });
  const told = (frame: Parameters<typeof protoFromServerFrame>[0]) =>
    uploadFrame(protoFromServerFrame(frame));
  t.same(told({ kind: 'opened', id: 1, credit: 16, creditBytes: 262_144 }), {
    kind: 'credit',
    messages: 16,
    bytes: 262_144,
  });
  t.same(told({ kind: 'credit', id: 1, messages: 0, bytes: 7 }), { kind: 'credit', messages: 0, bytes: 7 });
  const status = { code: 5, message: 'grün', details: [] };
  t.match(told({ kind: 'end', id: 1, status: status as never, trailers: [] as never, truncated: false }), {
    kind: 'end',
    code: 5,
    message: 'grün',
  });
  t.same(told({ kind: 'pong', token: 'x' }), { kind: 'other' });
  t.same(uploadFrame(new Uint8Array()), { kind: 'other' });
  t.same(uploadFrame(Buffer.from([0x7a, 0])), { kind: 'other' }, 'a frame of a newer gateway');
  t.end();
});
