import type { MethodEntry } from '../schema/services.js';

export interface FilePartOptions {
  readonly method: MethodEntry;
  readonly gatewayAddress: string;
  /** What the form and the headers say; undefined where they cannot be sent, which they show. */
  readonly readGiven: () => GivenRequest | undefined;
}

export interface GivenRequest {
  /** ProtoJSON. */
  readonly request: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;
}

export interface FilePart {
  readonly root: HTMLElement;
  close(): void;
}
