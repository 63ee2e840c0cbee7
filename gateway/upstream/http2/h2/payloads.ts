import { ConnectionError, ErrorCode, MAX_UINT31, Setting } from './codes.js';

/** The settings of a peer that concern us; absent: not said in this frame. */
export interface PeerSettings {
  readonly headerTableBytes?: number;
  readonly maxStreams?: number;
  readonly windowBytes?: number;
  readonly frameBytes?: number;
  readonly headerListBytes?: number;
}

/** Source: RFC 9113 section 6.5. Throws a `ConnectionError`. */
export function parseSettings(payload: Uint8Array): PeerSettings {
  if (payload.length % 6 !== 0) throw wrongSize('SETTINGS');
  const settings: { -readonly [K in keyof PeerSettings]: PeerSettings[K] } = {};
  const view = viewOf(payload);
  for (let at = 0; at < payload.length; at += 6) {
    const value = view.getUint32(at + 2);
    switch (view.getUint16(at)) {
      case Setting.HEADER_TABLE_SIZE:
        settings.headerTableBytes = value;
        break;
      case Setting.MAX_CONCURRENT_STREAMS:
        settings.maxStreams = value;
        break;
      case Setting.INITIAL_WINDOW_SIZE:
        if (value > MAX_UINT31) {
          throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, 'set a flow-control window above 2^31-1');
        }
        settings.windowBytes = value;
        break;
      case Setting.MAX_FRAME_SIZE:
        if (value < 16_384 || value > 0xffffff) {
          throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, `set a maximum frame size of ${value}`);
        }
        settings.frameBytes = value;
        break;
      case Setting.MAX_HEADER_LIST_SIZE:
        settings.headerListBytes = value;
        break;
    }
  }
  return settings;
}

/** Source: RFC 9113 section 6.8. Throws a `ConnectionError`. */
export function parseGoaway(payload: Uint8Array): {
  readonly lastStreamId: number;
  readonly code: number;
  readonly text: string;
} {
  if (payload.length < 8) throw wrongSize('GOAWAY');
  const view = viewOf(payload);
  return {
    lastStreamId: view.getUint32(0) & MAX_UINT31,
    code: view.getUint32(4),
    text: Buffer.from(payload.subarray(8, 1_032)).toString('latin1'),
  };
}

/** The number that is the whole payload of a frame. Throws a `ConnectionError`. */
export function readUint32(payload: Uint8Array, type: string): number {
  if (payload.length !== 4) throw wrongSize(type);
  return viewOf(payload).getUint32(0);
}

/** The same without the highest bit, which is reserved. */
export function readUint31(payload: Uint8Array, type: string): number {
  return readUint32(payload, type) & MAX_UINT31;
}

function viewOf(payload: Uint8Array): DataView {
  return new DataView(payload.buffer, payload.byteOffset, payload.length);
}

function wrongSize(type: string): ConnectionError {
  return new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, `sent a malformed ${type}`);
}
