import type { Incoming } from '../../bridge/index.js';
import type { MethodRequest } from '../exchange/index.js';
import { type OpenRequest, singleIncoming } from '../http/index.js';
import { textFromBytes } from '../message/index.js';
import { FrameIncoming, type FrameRules, messageOfFrame } from './frame-incoming.js';

/**
 * Takes a request of frames: all of them as they come, or, where the method takes one message, exactly one, which is whole when this resolves: what is
 * wrong with it never reaches the service.
 */
export function openFrames(rules: FrameRules): OpenRequest {
  return (request, whole): Incoming | Promise<Incoming> => {
    if (request.method.requestStream) return new FrameIncoming(request, rules, whole.countUnfinished());
    return messageOfFrame(request, rules, whole).then(singleIncoming);
  };
}

/** The wire bytes of a JSON message of this method. An empty text is an empty message. */
export function wireOfJson({ requestCodec }: MethodRequest): (message: Buffer) => Uint8Array {
  return (message) => {
    const text = textFromBytes(message);
    return requestCodec.fromJson(text.trim() === '' ? '{}' : text);
  };
}
