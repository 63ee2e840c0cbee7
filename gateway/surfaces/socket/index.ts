export { compact } from './compact.js';
export type { FrameSocket } from './frame-socket.js';
export { boundSocketMessages } from './message-limit.js';
export { beginFrame, endFrame, writeBinaryFrame, writeTextFrame } from './socket-frames.js';
export { startSocketHeartbeat } from './socket-heartbeat.js';
export { SocketWriter } from './socket-writer.js';
