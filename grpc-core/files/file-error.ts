import { status } from '@grpc/grpc-js';
import { CoreError, invalid } from '../errors.js';

/**
 * What a failed file operation means to the caller, naming the field and never a path of this machine. Unknown failures stay
 * unknown, which makes them INTERNAL.
 */
export function errorFromFile(reason: unknown): unknown {
  if (!(reason instanceof Error) || !('code' in reason)) return reason;
  switch (reason.code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new CoreError(status.NOT_FOUND, 'file_path: there is no such file', { cause: reason });
    case 'EACCES':
    case 'EPERM':
      return new CoreError(status.PERMISSION_DENIED, 'file_path: the core may not open it', {
        cause: reason,
      });
    case 'ELOOP':
    case 'EISDIR':
    case 'ENXIO':
      return notRegular();
    case 'ENAMETOOLONG':
      return invalid('file_path', 'is too long');
    case 'ENOSPC':
    case 'EDQUOT':
      return new CoreError(status.RESOURCE_EXHAUSTED, 'the disk is full', { cause: reason });
    default:
      return reason;
  }
}

/** For a folder, a device, a pipe and the like. */
export function notRegular(): CoreError {
  return invalid('file_path', 'is not a regular file');
}
