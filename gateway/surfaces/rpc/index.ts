export type { AnswerForm, FrameBody } from './answer-form.js';
export { FRAME_PREFIX_BYTES, FrameFlag, frameOf, putFramePrefix } from './frame-head.js';
export { type BodyText, FrameIncoming, type FrameRules, messageOfFrame } from './frame-incoming.js';
export { FrameOutgoing } from './frame-outgoing.js';
export { type Frame, FrameReader } from './frame-reader.js';
export {
  type InflateMessage,
  inflateMessageOf,
  inflateWhole,
  MESSAGE_ENCODINGS,
  undeclared,
} from './inflate-message.js';
export { openFrames, wireOfJson } from './open-frames.js';
export { answerMetadata, isRequestMetadata, rpcMetadata, unpadded } from './rpc-metadata.js';
export { type RpcProtocol, type RpcWish, rpcProtocolOf } from './rpc-protocol.js';
export { takeFrames, writeFrame, writeFrameOf } from './take-frames.js';
