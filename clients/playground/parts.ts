import type { CallRunner } from './call/call-runner.js';
import { createConnectionPart } from './call/connection-part.js';
import { createDetachedPart } from './detached/detached-part.js';
import { createFilePart } from './files/file-part.js';
import { createPressurePart } from './pressure/pressure-part.js';
import type { CallTypes } from './schema/page-schema.js';

/** A part of a method's view that has to do with its running call. */
export interface CallPart {
  readonly root: HTMLElement;
  /** Stops what it began. Called once, when another method is opened. */
  close(): void;
}

export interface CallPartContext {
  /** What runs, and what it has sent and received. */
  readonly runner: CallRunner;
  /** The types of the method; undefined where the page could not read them. */
  readonly types: CallTypes | undefined;
  /** The URL of the gateway, without a slash at the end. */
  readonly gatewayAddress: string;
  /** What the form says, as ProtoJSON; undefined where it cannot be sent, which the form shows. */
  readonly readRequest: () => unknown;
  /** The headers that the person has written; undefined where they are none. */
  readonly readHeaders: () => Record<string, string> | undefined;
}

/** Makes a part for a method; undefined where it has none for this one. */
export type MakeCallPart = (context: CallPartContext) => CallPart | undefined;

/**
 * What stands between the buttons of a call and its messages, in this order. A new part is a folder beside this file and a line here; it learns of the call through
 * `CallRunner.subscribe`, and steers it through `CallRunner.call`.
 */
export const CALL_PARTS: readonly MakeCallPart[] = [
  ({ runner, gatewayAddress }) => createDetachedPart(runner, gatewayAddress),
  ({ runner }) => createConnectionPart(runner),
  ({ runner, gatewayAddress }) => createPressurePart(runner, gatewayAddress),
  ({ runner: { method }, ...context }) => createFilePart({ ...context, method }),
];
