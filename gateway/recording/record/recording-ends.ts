import type { RecordingRule } from '../../schema/index.js';
import { RpcError, type Status } from '../../status/index.js';

// Why a recording ends a call, or a client's part in it.

export const GONE = new RpcError('CALL_GONE', 'what was recorded of this call is gone').toStatus();

export function tooOld({ detachMaxAgeMs }: RecordingRule): Status {
  const problem = `the call has gone on for ${detachMaxAgeMs} ms, which is detach_max_age_ms of its rule`;
  return new RpcError('DEADLINE_PASSED', problem).toStatus();
}

export function tooSilent({ detachMaxSilenceMs }: RecordingRule): Status {
  const problem = `the service has said nothing for ${detachMaxSilenceMs} ms, which is detach_max_silence_ms of the rule`;
  return new RpcError('SERVICE_SILENT', problem).toStatus();
}

/** Of the client that everything waits for. */
export function readerStalled(maxPauseMs: number): RpcError {
  return new RpcError('CLIENT_STALLED', `the client read nothing for ${maxPauseMs} ms: see --max-pause-ms`);
}

/** Where it is nobody in particular. */
export function recordingFull(maxPauseMs: number): Status {
  const problem = `no reader has made room in the recording for ${maxPauseMs} ms: see --max-pause-ms`;
  return new RpcError('RECORDING_FULL', problem).toStatus();
}
