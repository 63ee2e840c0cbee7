import { logVerbosity, setLogVerbosity } from '@grpc/grpc-js';

/** Keeps grpc-js from printing, unless its own variable asks for it: what it prints says less than our own errors and is no JSON. */
export function quietGrpcJs(): void {
  if (process.env.GRPC_VERBOSITY === undefined) setLogVerbosity(logVerbosity.NONE);
}
