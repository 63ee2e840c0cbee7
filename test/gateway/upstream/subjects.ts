import { openGrpcJsTransport } from '../../../gateway/upstream/grpc-js/index.js';
import { openHttp2Transport } from '../../../gateway/upstream/index.js';
import type { Subject } from './contract/subject.js';

/** The library as it is, with what it cannot do better. */
export const grpcJs: Subject = {
  name: 'grpc-js',
  open: openGrpcJsTransport,
  limits: {
    losesMessagesBeforeFailure: true,
    messagesReadAhead: 16,
    isBlindToStreamLimit: true,
    closesSocketsLater: true,
  },
};

/** Node's own HTTP/2. */
export const http2: Subject = {
  name: 'http2',
  open: openHttp2Transport,
  limits: {
    losesMessagesBeforeFailure: false,
    messagesReadAhead: 0,
    isBlindToStreamLimit: false,
    closesSocketsLater: false,
  },
};
