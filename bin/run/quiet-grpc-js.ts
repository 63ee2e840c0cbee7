import { logVerbosity, setLogVerbosity } from '@grpc/grpc-js';

// What grpc-js prints by itself says less than our own errors and is no JSON.
if (process.env.GRPC_VERBOSITY === undefined) setLogVerbosity(logVerbosity.NONE);
