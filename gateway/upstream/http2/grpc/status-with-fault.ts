import { Code, type Status } from '../../../status/index.js';
import { localStatus } from '../../received-status.js';
import type { MessageReader } from './message-reader.js';

/** The status of a call whose messages have been decoded: a failure that the service has told stands, an OK needs whole messages. */
export function statusWithFault(status: Status, { fault, isMidMessage }: MessageReader): Status {
  if (fault !== undefined && status !== fault) {
    return status.code === Code.OK ? fault : { ...status, truncated: true };
  }
  return status.code === Code.OK && isMidMessage
    ? localStatus('UPSTREAM_PROTOCOL_ERROR', 'the upstream ended the call in the middle of a message')
    : status;
}
