import type { Expiry } from './expiry.js';

/** A way clients reach the gateway, as data: what the run of an exchange needs to know of it. The rows: `surfaces/table.ts`. */
export interface Surface {
  /** In the log, and a label of metrics. */
  readonly name: string;
  /** How its clients speak, as OpenTelemetry names it. Absent: "grpc", for its methods and codes are those of gRPC. */
  readonly rpcSystem?: 'connectrpc';
  /** Its exchanges end by themselves soon, whatever the method, or something else ends them: draining lets them finish. */
  readonly finite: boolean;
  /** A slow client may miss messages, because there is a place to say so: policies that drop messages apply. */
  readonly mayDrop: boolean;
  /** Its exchanges may last: the peer is watched, and waits for the client and the service are bounded. */
  readonly isBounded: boolean;
  /**
   * The client grants credit for messages. Those that wait for credit do not outlast the deadline, and a client that grants none loses the
   * call but not its connection.
   */
  readonly hasCredit: boolean;
  /** Its clients know where they are in a recording, by ids or by counting from a header. Else only a cursor in the messages tells. */
  readonly hasIds: boolean;
  /** When its streams end whose credential ends. */
  readonly expiry: Expiry;
}
