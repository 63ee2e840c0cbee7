import { status } from '@grpc/grpc-js';
import { CoreError, errorFromFault, faultFromError, invalid } from '../base/index.js';

/**
 * What a failed file operation means to the caller, naming the field and never a path of this machine. Unknown failures stay
 * unknown, which makes them INTERNAL.
 */
export function errorFromFile(reason: unknown): unknown {
  const fault = faultFromError(reason);
  if (fault !== undefined) return errorFromFault(fault, reason);
  switch (codeOf(reason)) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new CoreError(status.NOT_FOUND, 'file_path: there is no such file', { cause: reason });
    case 'EACCES':
    case 'EPERM':
      return new CoreError(status.PERMISSION_DENIED, 'file_path: the core has no permission to open it', {
        cause: reason,
      });
    case 'ELOOP':
    case 'EISDIR':
    case 'ENXIO':
      return notRegular();
    case 'ENAMETOOLONG':
      return invalid('file_path', 'is too long');
    case 'EXDEV':
      return invalid('file_path', 'is on another disk than the data directory: nothing can be stored there');
    default:
      return reason;
  }
}

/** The system's name for a failure: "ENOENT". */
export function codeOf(reason: unknown): unknown {
  return reason instanceof Error && 'code' in reason ? reason.code : undefined;
}

/** For a folder, a device, a pipe and the like. */
export function notRegular(): CoreError {
  return invalid('file_path', 'is not a regular file');
}

/** Something on the way to the file became something else while we were there. */
export function changedWhileOpened(): CoreError {
  return new CoreError(status.ABORTED, 'file_path: changed while it was opened, try again');
}
