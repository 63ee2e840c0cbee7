export { clientFrameFromJson } from './client-json.js';
export { clientFrameFromProto } from './client-proto.js';
export {
  type ClientFrame,
  chooseProtocol,
  type JoinedMetadata,
  JSON_PROTOCOL,
  joinMetadata,
  MAX_CREDIT,
  MAX_UINT32,
  PROTO_PROTOCOL,
  SESSION_PATH,
  type ServerFrame,
  SessionCloseCode,
  SessionFault,
} from './frames.js';
export { jsonFromServerFrame, jsonMessageHead, jsonMessageTail } from './server-json.js';
export {
  PROTO_HEAD_BYTES,
  protoFromServerFrame,
  putProtoCursorHead,
  putProtoMessageHead,
} from './server-proto.js';
export { UsedIds } from './used-ids.js';
