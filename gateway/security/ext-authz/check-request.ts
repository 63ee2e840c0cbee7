import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { AskedRequest } from '../identity/index.js';

type Fields = (writer: BinaryWriter) => void;

/**
 * An envoy.service.auth.v3.CheckRequest. The numbers are in proto/envoy/service/auth/v3/authorization.proto.
 */
export function encodeCheckRequest(asked: AskedRequest): Uint8Array {
  const writer = new BinaryWriter();
  message(writer, 1, (attributes) => {
    message(attributes, 1, (peer) => {
      message(peer, 1, (address) =>
        message(address, 1, (socket) => {
          text(socket, 2, asked.address);
          if (asked.port > 0) socket.tag(3, WireType.Varint).uint32(asked.port);
        }),
      );
      text(peer, 4, asked.principal);
    });
    message(attributes, 4, (request) => {
      message(request, 1, (time) => {
        time.tag(1, WireType.Varint).int64(Math.floor(asked.time / 1_000));
        time.tag(2, WireType.Varint).int32((asked.time % 1_000) * 1_000_000);
      });
      message(request, 2, (http) => writeHttp(http, asked));
    });
    if (asked.method !== '') entry(attributes, 10, 'method', asked.method);
    if (asked.sni !== '') message(attributes, 12, (session) => text(session, 1, asked.sni));
  });
  return writer.finish();
}

function writeHttp(http: BinaryWriter, asked: AskedRequest): void {
  text(http, 1, asked.requestId);
  text(http, 2, asked.httpMethod);
  for (const [name, value] of Object.entries(asked.headers)) entry(http, 3, name, value);
  text(http, 4, asked.path);
  text(http, 5, asked.host);
  text(http, 6, asked.scheme);
  // Nobody knows how large a body will be, and none is sent along.
  http.tag(9, WireType.Varint).int64(-1);
  text(http, 10, asked.protocol);
}

function message(writer: BinaryWriter, number: number, fields: Fields): void {
  writer.tag(number, WireType.LengthDelimited).fork();
  fields(writer);
  writer.join();
}

function entry(writer: BinaryWriter, number: number, key: string, value: string): void {
  message(writer, number, (pair) => {
    text(pair, 1, key);
    text(pair, 2, value);
  });
}

function text(writer: BinaryWriter, number: number, value: string): void {
  if (value !== '') writer.tag(number, WireType.LengthDelimited).string(value.toWellFormed());
}
