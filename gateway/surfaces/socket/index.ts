export { ClientSocket } from './client-socket.js';
export { compact } from './compact.js';
export type { FrameSocket } from './frame-socket.js';
export { boundSocketMessages } from './message-limit.js';
export { beginFrame, endFrame, writeBinaryFrame, writeTextFrame } from './socket-frames.js';
