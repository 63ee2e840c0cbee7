import { openGrpcJsTransport } from '../../../gateway/upstream/index.js';
import type { Subject } from './contract/subject.js';

/** The transports that have to keep the contract, each with what its library cannot do better. */
export const subjects: readonly Subject[] = [
  {
    name: 'grpc-js',
    open: openGrpcJsTransport,
    limits: {
      losesMessagesBeforeFailure: true,
      messagesReadAhead: 16,
      isBlindToStreamLimit: true,
      closesSocketsLater: true,
      resolvesOnlyWhenLost: true,
    },
  },
];
