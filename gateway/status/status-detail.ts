/** One google.protobuf.Any of a google.rpc.Status. */
export interface StatusDetail {
  /** For example "type.googleapis.com/google.rpc.BadRequest". */
  readonly typeUrl: string;
  readonly value: Uint8Array;
  /** The same as ProtoJSON, where that is known without a schema. */
  readonly json?: Readonly<Record<string, unknown>>;
}
